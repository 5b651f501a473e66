// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/container/lifecycle.h"
#include "runtime/launch/launch_plan.h"
#include "runtime/launch/parent.h"
#include "runtime/spec/config.h"

namespace caisson::container {

// How a new process is made known to the caller and to its helpers; shared by create, run and exec.

// The pid in a file, complete when it appears. Errors: with the path.
Status WritePidFile(const std::string& path, pid_t host_pid);

// The pidfd over a listening AF_UNIX socket, beside one byte. Errors: with the path.
Status SendPidfd(const std::string& socket_path, const Pidfd& process);

// What takes a seccomp listener to the agent that the profile names.
launch::NotifyFn SeccompNotifier(const spec::Linux& linux, const Pidfd& process,
                                 std::string state_json);

// Descriptors for a process from what a caller gave. `console_socket` receives the connected
// console, which must live until clone3 has returned.
Result<launch::Descriptors> MakeDescriptors(const Stdio& stdio, const Console& console,
                                            bool terminal, int preserve_fds,
                                            const std::vector<int>& extra_fds,
                                            UniqueFd& console_socket);

}  // namespace caisson::container
