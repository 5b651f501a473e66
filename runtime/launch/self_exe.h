// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/base/error.h"

namespace caisson::launch {

// Makes /proc/self/exe of this program, and of what it clones, a file that nobody can open for
// writing: while init is on its way to execve, or when the user's program is "/proc/self/exe", a
// process of the container could otherwise overwrite the runtime on the host (CVE-2019-5736).
// That file is a detached read-only clone of the program's own mount: no byte is copied, nothing is
// charged to a container. The program maps itself from it in place (self_remap.h) and, where the
// kernel cannot, executes itself again through it. Without CAP_SYS_ADMIN a sealed memfd holds a
// copy. Call it first in main, with main's argv and envp; on failure the program must not go on.
// Source: open_tree(2), mount_setattr(2), execveat(2), memfd_create(2).
Status SealSelfExe(char* const* argv, char* const* envp);

// What is left of the sealing: the descriptor of the clone, -1 when there is none. Nobody needs it,
// but its last close waits for an RCU grace period. So init leaves the clone behind in the root
// that it turns away from; for an exec, the child closes its copy early and the parent when the
// program runs. Safe to call at any time.
int SealFd();
void DropSealFd();

}  // namespace caisson::launch
