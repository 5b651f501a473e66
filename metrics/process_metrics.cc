// SPDX-License-Identifier: Apache-2.0
#include "metrics/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <memory>

#include "metrics/text_writer.h"
#include "runtime/base/file.h"
#include "runtime/base/process.h"
#include "runtime/cgroup/stats.h"

namespace caisson::metrics {
namespace {

std::uint64_t Milliseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1000 +
         static_cast<std::uint64_t>(time.tv_usec) / 1000;
}

std::uint64_t CountDescriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir("/proc/self/fd"), ::closedir);
  if (!dir) return 0;
  std::uint64_t count = 0;
  while (const dirent* const entry = ::readdir(dir.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  return count == 0 ? 0 : count - 1;  // the one that lists them is not counted
}

// Milliseconds since the epoch: start in ticks after boot, and when the host booted.
std::uint64_t StartTimeMs() {
  const auto ticks = ReadStartTime(::getpid());
  const auto stat = ReadFile("/proc/stat");
  const long per_second = ::sysconf(_SC_CLK_TCK);
  if (!ticks || !stat || per_second <= 0) return 0;
  const auto boot = cgroup::FindKey(*stat, "btime");
  return boot.value_or(0) * 1000 + *ticks * 1000 / static_cast<std::uint64_t>(per_second);
}

}  // namespace

std::string ProcessText() {
  TextWriter out;
  const auto one = [&](std::string_view name, Type type, std::string_view help, Value value) {
    out.Family(name, type, help);
    out.Sample("", "", value);
  };
  rusage usage{};
  if (::getrusage(RUSAGE_SELF, &usage) == 0)
    one("process_cpu_seconds_total", Type::kCounter, "CPU time used by this process.",
        {Milliseconds(usage.ru_utime) + Milliseconds(usage.ru_stime), 3});
  if (const auto statm = ReadFile("/proc/self/statm")) {
    const auto pages = Split(*statm, ' ');
    const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
    const auto size = ParseInt<std::uint64_t>(pages[0]);
    const auto resident = pages.size() > 1 ? ParseInt<std::uint64_t>(pages[1]) : std::nullopt;
    one("process_virtual_memory_bytes", Type::kGauge, "Address space of this process.",
        {size.value_or(0) * page, 0});
    one("process_resident_memory_bytes", Type::kGauge, "Memory of this process.",
        {resident.value_or(0) * page, 0});
  }
  one("process_open_fds", Type::kGauge, "Open file descriptors.", {CountDescriptors(), 0});
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
    one("process_max_fds", Type::kGauge, "Most file descriptors allowed.", {limit.rlim_cur, 0});
  one("process_start_time_seconds", Type::kGauge, "When this process started, since the epoch.",
      {StartTimeMs(), 3});
  return out.Take();
}

}  // namespace caisson::metrics
