// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/process.h"
#include "runtime/launch/launch_plan.h"
#include "runtime/sync/channel.h"

namespace caisson::launch {

// What the caller does while the new process waits. Any may be empty.
struct ParentWork {
  // It exists and has done nothing yet: put it into its cgroup, write down its pid.
  std::function<Status(const Pidfd&)> place;
  // Namespaces and mounts are there: run prestart and createRuntime.
  std::function<Status(const Pidfd&)> run_hooks;
  int cgroup_fd = -1;  // v2: clone3 puts it there itself
};

// A process between clone3 and execve. Killed when dropped.
struct Launched {
  ChildGuard child;
  sync::Channel channel;
  UniqueFd console;  // the terminal's master, when the plan sends it to the parent
};

// Clones a container's init and goes with it until it waits at the gate.
// Errors: init's own failure in words; that of `work`; kSystem when init died.
Result<Launched> LaunchInit(const LaunchPlan& plan, const ParentWork& work, Deadline deadline);

// Lets an init whose gate is the channel go, and waits until it has become the program. `notify`
// gets the seccomp listener, when the plan has one.
using NotifyFn = std::function<Status(FdView listener)>;
Status Release(const LaunchPlan& plan, Launched& launched, const NotifyFn& notify);

// Clones a process into a running container and goes with it until it has become the program.
Result<Launched> LaunchExec(const LaunchPlan& plan, const ParentWork& work, const NotifyFn& notify,
                            Deadline deadline);

// Waits for the last packets of an init that was told to start: Starting, maybe the listener, then
// the end, by becoming the program. `explain` puts a failure in words.
// Errors: those of init; kSystem when it was killed before it was the program.
Status AwaitRunning(const Pidfd& init, sync::Channel& channel,
                    const std::function<Error(const sync::Message&)>& explain,
                    const NotifyFn& notify, Deadline deadline);

}  // namespace caisson::launch
