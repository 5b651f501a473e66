// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "runtime/cgroup/manager.h"
#include "runtime/container/lifecycle.h"
#include "runtime/state/directory.h"
#include "runtime/state/record.h"

namespace caisson::container {

// How long a command waits for another one that works on the same container.
inline constexpr std::chrono::seconds kLockWait{10};

// A container that exists: its directory and its record.
struct Opened {
  state::Directory directory;
  state::Record record;
};

enum class Access { kRead, kChange };

// Errors: kNotFound; kWrongState when another command keeps it busy (kChange).
Result<Opened> OpenContainer(const Context& context, const std::string& id, Access access);

// What it is at this moment.
Result<ContainerStatus> StatusOf(const Opened& opened);

// The manager of the cgroup that was made for it.
Result<cgroup::Manager> CgroupOf(const state::Record& record);

// Its init, known to be the one that the record means and not a later process with its pid.
// Errors: kWrongState when it does not run any more.
Result<Pidfd> OpenInit(const state::Record& record);

// The configuration that it was made with.
Result<spec::Config> ConfigOf(const Opened& opened);

// Whether its processes end with its init.
bool HasOwnPidNamespace(const state::Record& record);

// The error of a verb that needs another status: `container not paused: "web" is running`.
Error WrongStatus(const std::string& id, ContainerStatus status, std::string_view needed);

// What a verb says that needs a process. "container not running" and "does not exist" are the words
// that containerd's shim and scripts look for in runc's errors.
Error NotRunning(const std::string& id);

}  // namespace caisson::container
