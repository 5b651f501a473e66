// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/exit_code.h"

namespace caisson::cli {
namespace {

int g_failure_exit = kExitFailed;  // one command a process

}  // namespace

int ExitCodeOf(const Error&) { return g_failure_exit; }
void SetFailureExit(int code) { g_failure_exit = code; }

}  // namespace caisson::cli
