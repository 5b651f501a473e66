// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/spec/linux.h"

namespace caisson::container {

// linux.netDevices: moves each interface of this process's network namespace into `netns`, under
// its new name, with its permanent global addresses, and sets it up. Hardware address and MTU go
// with it. When one cannot be made ready there, that one comes back.
// The kernel returns physical devices when the namespace ends and removes virtual ones.
// The program must have one thread. Errors: kNotFound; kAlreadyExists when the name is taken.
// Source: runtime-spec 1.3, config-linux.md, "Network Devices".
Status MoveNetDevices(const std::vector<spec::NetDevice>& devices, FdView netns);

}  // namespace caisson::container
