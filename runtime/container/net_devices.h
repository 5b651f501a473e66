// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/rollback.h"
#include "runtime/spec/linux.h"

namespace caisson::container {

// linux.netDevices: moves each interface of this process's network namespace into `netns`, under
// its new name, with its permanent global addresses, and sets it up. Hardware address and MTU go
// with it. `undo` gets steps that bring them home, under their old names, with all their addresses
// and up as they were, also when the container's processes have ended; routes beyond those of the
// addresses are lost. Until it is disarmed it keeps the network namespace.
// When the namespace ends the kernel returns physical devices, by whatever name they have then, and
// removes virtual ones.
// The program must have one thread. Errors: kNotFound; kAlreadyExists when the name is taken.
// Source: runtime-spec 1.3, config-linux.md, "Network Devices"; rtnetlink(7).
Status MoveNetDevices(const std::vector<spec::NetDevice>& devices, FdView netns, Rollback& undo);

}  // namespace caisson::container
