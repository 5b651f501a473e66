// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/base/child_zone.h"
#include "runtime/rootfs/mount_plan.h"

namespace caisson::rootfs {

// Child zone. In this order, in the container's own mount namespace (and the other namespaces):
//
//   PrepareRoot    host's propagation cut, umask 0, root attached
//   MakeMounts     mounts in order, then devices and links
//   [prestart, createRuntime and createContainer hooks]
//   TurnRoot       pivot_root: the host's tree is gone
//   ProtectRoot    read-only and masked paths, read-only mounts and root, propagation of the root
//
// The container's paths are resolved from descriptors, inside the root, all the time. Descriptors
// that these open are close-on-exec and are left to the caller's close_range(2), except that those
// with high numbers are closed at once. The umask is the caller's to set before execve(2).
StepFailure PrepareRoot(RootfsView& view) noexcept;
StepFailure MakeMounts(RootfsView& view) noexcept;
StepFailure TurnRoot(RootfsView& view) noexcept;
StepFailure ProtectRoot(RootfsView& view) noexcept;

// O_PATH root of the devpts that the plan mounted, for the terminal; -1 when there is none.
int DevptsRoot(const RootfsView& view) noexcept;

}  // namespace caisson::rootfs
