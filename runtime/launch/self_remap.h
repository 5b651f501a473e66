// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::launch {

// Makes `file` the program file of this process without executing anything: each segment of the
// running program is mapped again from it, at the same address and with the same bytes, and the
// kernel is told that this is the file now. `file` must be the same inode as the running program,
// seen through another mount. Call it early in main, with main's own argv and envp, in a program
// with one thread.
// Errors: the kernel's; the program then goes on as before, whichever step it was.
// Source: prctl(2), PR_SET_MM_MAP (CONFIG_CHECKPOINT_RESTORE); elf(5).
Status RemapSelf(FdView file, char* const* argv, char* const* envp);

}  // namespace caisson::launch
