// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/base/child_zone.h"
#include "runtime/rootfs/mount_plan.h"

namespace caisson::rootfs {

// Child zone. Makes the plan's devices, or attaches the host's nodes, then the links of /dev. Only
// a node that this call made gets an owner and a mode; one that the image brings must already be
// the right device and stays as it is.
// Needs umask 0. Source: runtime-spec config-linux.md, "Devices", "Default Devices".
StepFailure MakeDevices(const RootfsView& view) noexcept;

}  // namespace caisson::rootfs
