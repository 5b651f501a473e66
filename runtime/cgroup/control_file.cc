// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/control_file.h"

#include <unistd.h>

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

Status WriteControl(const std::string& path, std::string_view value, FdBatch& batch) {
  CAISSON_ASSIGN(UniqueFd fd, OpenAt(kCwd, path, O_WRONLY));
  const ssize_t put = TEMP_FAILURE_RETRY(::write(fd.get(), value.data(), value.size()));
  if (put < 0) return SysError("write", path);
  (void)batch.Keep(std::move(fd));
  return Ok();
}

}  // namespace caisson::cgroup
