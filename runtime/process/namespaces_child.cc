// SPDX-License-Identifier: Apache-2.0
#include <sched.h>

#include <cerrno>

#include "runtime/base/proc_file.h"
#include "runtime/process/namespace_trace.h"
#include "runtime/process/namespaces.h"

namespace caisson::process {

StepFailure JoinNamespaces(const NamespaceJoin* joins, std::size_t count) noexcept {
  const NamespaceSnapshot before;
  std::uint64_t joined = 0;
  for (std::size_t i = 0; i < count; ++i) {
    if (::setns(joins[i].fd, joins[i].clone_flag) != 0) return {errno, i};
    joined |= static_cast<std::uint64_t>(joins[i].clone_flag);
  }
  if (joined != 0) before.TraceSetns(joined);
  return {};
}

int UnshareTime(int proc_fd, const char* offsets, std::size_t size) noexcept {
  const NamespaceSnapshot before;
  if (::unshare(CLONE_NEWTIME) != 0) return errno;
  before.TraceUnshare(CLONE_NEWTIME);
  return WriteProcFile(proc_fd, "self/timens_offsets", offsets, size);
}

}  // namespace caisson::process
