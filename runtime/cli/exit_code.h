// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/base/error.h"

namespace caisson::cli {

// Failures that have exit statuses of their own in runc: exec's, and a command that is none.
inline constexpr int kExitFailed = 1;
inline constexpr int kExitNoCommand = 3;
inline constexpr int kExitExecFailed = 255;

// The exit status for an error that reached main: 1, or what SetFailureExit said.
int ExitCodeOf(const Error& error);
// exec ends with 255 whatever fails in the runtime.
void SetFailureExit(int code);

}  // namespace caisson::cli
