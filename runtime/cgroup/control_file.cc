// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/control_file.h"

#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace caisson::cgroup {

Result<std::string> ReadControl(const std::string& path) { return ReadSmallFileAt(kCwd, path); }

Status WriteControl(const std::string& path, std::string_view value, FdBatch& batch) {
  CAISSON_ASSIGN(UniqueFd fd, OpenAt(kCwd, path, O_WRONLY));
  const ssize_t put = TEMP_FAILURE_RETRY(::write(fd.get(), value.data(), value.size()));
  if (put < 0) return SysError("write", path);
  (void)batch.Keep(std::move(fd));
  return Ok();
}

}  // namespace caisson::cgroup
