// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/control_file.h"

#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace caisson::cgroup {

Result<std::string> ReadControl(const std::string& path) { return ReadSmallFileAt(kCwd, path); }

Result<std::string> ReadControl(const std::string& path, FdBatch& batch) {
  CAISSON_ASSIGN(UniqueFd fd, OpenAt(kCwd, path, O_RDONLY));
  char text[4096];  // seq_file gives at most a page to the first read
  const ssize_t got = TEMP_FAILURE_RETRY(::read(fd.get(), text, sizeof text));
  if (got < 0) return SysError("read", path);
  if (static_cast<std::size_t>(got) == sizeof text) return ReadControl(path);
  (void)batch.Keep(std::move(fd));
  return std::string(text, static_cast<std::size_t>(got));
}

Status WriteControl(const std::string& path, std::string_view value, FdBatch& batch) {
  CAISSON_ASSIGN(UniqueFd fd, OpenAt(kCwd, path, O_WRONLY));
  const ssize_t put = TEMP_FAILURE_RETRY(::write(fd.get(), value.data(), value.size()));
  if (put < 0) return SysError("write", path);
  (void)batch.Keep(std::move(fd));
  return Ok();
}

}  // namespace caisson::cgroup
