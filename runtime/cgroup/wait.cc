// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/wait.h"

#include <poll.h>
#include <time.h>

#include <algorithm>

#include "runtime/base/path.h"
#include "runtime/cgroup/control_file.h"

namespace caisson::cgroup {
namespace {

bool HasLine(std::string_view text, std::string_view key, std::string_view value) {
  for (const auto line : Split(text, '\n')) {
    if (line.size() == key.size() + 1 + value.size() && line.substr(0, key.size()) == key &&
        line.substr(key.size() + 1) == value)
      return true;
  }
  return false;
}

}  // namespace

Result<bool> WaitForEvent(const std::string& directory, std::string_view key,
                          std::string_view value, Deadline deadline) {
  const std::string path = StrCat(directory, "/cgroup.events");
  const bool gone_will_do = key == "populated" && value == "0";
  auto fd = OpenAt(kCwd, path, O_RDONLY);
  if (!fd && gone_will_do && fd.error().code() == Code::kNotFound) return true;
  if (!fd) return std::move(fd).error();
  while (true) {
    char text[256];
    const ssize_t got = TEMP_FAILURE_RETRY(::pread(fd->get(), text, sizeof text, 0));
    if (got < 0 && errno == ENODEV && gone_will_do) return true;
    if (got < 0) return SysError("read", path);
    if (HasLine({text, static_cast<std::size_t>(got)}, key, value)) return true;
    pollfd wait{.fd = fd->get(), .events = POLLPRI, .revents = 0};
    const int ready = ::poll(&wait, 1, deadline.PollTimeoutMs());
    if (ready < 0 && errno != EINTR) return SysError("poll", path);
    if (ready == 0) return false;
  }
}

bool ShortWait::Pause() {
  constexpr long kMaxUs = 20'000;
  if (deadline_.passed()) return false;
  long us = next_us_;
  next_us_ = std::min(next_us_ * 2, kMaxUs);
  if (!deadline_.never()) {
    const auto left =
        std::chrono::ceil<std::chrono::microseconds>(deadline_.at() - Deadline::Clock::now());
    us = std::clamp(static_cast<long>(left.count()), 0L, us);
  }
  const timespec pause{.tv_sec = 0, .tv_nsec = us * 1000};
  (void)::nanosleep(&pause, nullptr);  // a signal only makes it shorter
  return true;
}

std::string DescribeProcess(pid_t host_pid) {
  const auto name = ReadControl(StrCat("/proc/", host_pid, "/comm"));
  if (!name || Trim(*name).empty()) return StrCat(host_pid);
  return StrCat(host_pid, " (", Trim(*name), ")");
}

}  // namespace caisson::cgroup
