// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/base/error.h"
#include "runtime/rootfs/plan_mounts.h"

namespace caisson::rootfs {

// Appends the devices of the configuration, the default ones that it does not name, and the links
// of /dev. Nothing at all when the configuration binds something onto /dev: that one is complete.
// Errors: kInvalidSpec naming linux.devices; kNotFound when a user namespace needs the host's node
// and the host has none.
// Source: runtime-spec config-linux.md, "Devices", "Default Devices"; runtime-linux.md, "Dev
// symbolic links".
Status PlanDevices(Planner& planner);

}  // namespace caisson::rootfs
