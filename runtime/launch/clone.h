// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/sched.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <cstdint>

namespace caisson::launch {

// clone3(2) without the C library's fork handlers; no CLONE_VM, so the child has its own copy of
// everything. 0 in the child; -1 with errno. For parent and child zone.
struct CloneRequest {
  std::uint64_t flags = 0;  // CLONE_*
  int exit_signal = 0;
  int cgroup_fd = -1;  // >= 0: CLONE_INTO_CGROUP
};
inline pid_t Clone3(const CloneRequest& request, int* pidfd) noexcept {
  clone_args args{};
  args.flags = request.flags | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uintptr_t>(pidfd);
  args.exit_signal = static_cast<std::uint64_t>(request.exit_signal);
  if (request.cgroup_fd >= 0) {
    args.flags |= CLONE_INTO_CGROUP;
    args.cgroup = static_cast<std::uint64_t>(request.cgroup_fd);
  }
  return static_cast<pid_t>(::syscall(SYS_clone3, &args, sizeof args));
}

}  // namespace caisson::launch
