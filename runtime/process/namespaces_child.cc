// SPDX-License-Identifier: Apache-2.0
#include <sched.h>

#include <cerrno>

#include "runtime/base/proc_file.h"
#include "runtime/process/namespaces.h"

namespace caisson::process {

StepFailure JoinNamespaces(const NamespaceJoin* joins, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    if (::setns(joins[i].fd, joins[i].clone_flag) != 0) return {errno, i};
  }
  return {};
}

int UnshareTime(int proc_fd, const char* offsets, std::size_t size) noexcept {
  if (::unshare(CLONE_NEWTIME) != 0) return errno;
  return WriteProcFile(proc_fd, "self/timens_offsets", offsets, size);
}

}  // namespace caisson::process
