// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/rootfs/mount_plan.h"

namespace caisson::rootfs {

// Child zone. The root of a procfs of this pid namespace onto which nobody else can have mounted
// anything: the one that the plan mounted, else a detached one of our own, else "/proc" seen to be
// procfs. Open files below it with OpenInProc only. -1 with errno.
// Source: CVE-2025-52881; fsopen(2), statfs(2).
int OpenProcHandle(const RootfsView* view) noexcept;

// Opens `path` beneath the handle: through no symlink (but "self" and "thread-self"), no magic link
// and no other mount. -1 with errno: EXDEV when something is mounted in the way.
int OpenInProc(int proc_fd, const char* path, int flags) noexcept;

}  // namespace caisson::rootfs
