// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/control_file.h"

#include <linux/close_range.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace caisson::cgroup {

Result<std::string> ReadControl(const std::string& path) {
  constexpr std::size_t kFirstRead = 16384;
  CAISSON_ASSIGN(const UniqueFd fd, OpenAt(kCwd, path, O_RDONLY));
  std::string text(kFirstRead, '\0');
  const ssize_t got = TEMP_FAILURE_RETRY(::read(fd.get(), text.data(), text.size()));
  if (got < 0) return SysError("read", path);
  text.resize(static_cast<std::size_t>(got));
  // These files are made whole by one read unless they are lists, which come in pages.
  if (text.size() < 4096 - 256) return text;
  CAISSON_ASSIGN(const std::string rest, ReadFd(fd, path));
  return text + rest;
}

FdBatch::~FdBatch() {
  std::sort(fds_.begin(), fds_.end());
  for (std::size_t i = 0; i < fds_.size();) {
    std::size_t end = i + 1;
    while (end < fds_.size() && fds_[end] == fds_[end - 1] + 1) ++end;
    const auto first = static_cast<unsigned>(fds_[i]);
    const auto last = static_cast<unsigned>(fds_[end - 1]);
    if (first == last || ::close_range(first, last, 0) < 0) {
      for (std::size_t k = i; k < end; ++k) ::close(fds_[k]);
    }
    i = end;
  }
}

Status WriteControl(const std::string& path, std::string_view value, FdBatch& batch) {
  CAISSON_ASSIGN(UniqueFd fd, OpenAt(kCwd, path, O_WRONLY));
  const ssize_t put = TEMP_FAILURE_RETRY(::write(fd.get(), value.data(), value.size()));
  if (put < 0) return SysError("write", path);
  batch.Keep(std::move(fd));
  return Ok();
}

}  // namespace caisson::cgroup
