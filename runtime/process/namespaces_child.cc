// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

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

int OpenTimeOffsets(int proc_fd) noexcept {
  return OpenProcFile(proc_fd, "self/timens_offsets", O_WRONLY);
}

int UnshareTime(int offsets_fd, const char* offsets, std::size_t size) noexcept {
  const NamespaceSnapshot before;
  if (::unshare(CLONE_NEWTIME) != 0) return errno;
  before.TraceUnshare(CLONE_NEWTIME);
  const ssize_t written = ::write(offsets_fd, offsets, size);
  if (written < 0) return errno;
  return static_cast<std::size_t>(written) == size ? 0 : EIO;
}

int UnshareUser() noexcept {
  const NamespaceSnapshot before;
  if (::unshare(CLONE_NEWUSER) != 0) return errno;
  before.TraceUnshare(CLONE_NEWUSER);
  return 0;
}

}  // namespace caisson::process
