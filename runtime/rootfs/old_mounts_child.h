// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace caisson::rootfs {

// Child zone. Detaches every procfs and sysfs of the host that this process's root still shows.
// Without pivot_root the host's tree stays in the mount namespace, and these would be ways around
// what the container's own are masked for. -1 with errno.
int DetachKernelMounts() noexcept;

}  // namespace caisson::rootfs
