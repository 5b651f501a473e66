// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

#include "runtime/cgroup/layout.h"

namespace caisson::bench {

// The kernel calls that a container's cgroup cannot do without, and nothing else: in every
// hierarchy one mkdir, one write of the process, one rmdir; CPUs and memory nodes for a v1 cpuset.
void FloorBirth(const cgroup::Layout& layout, const std::string& name, pid_t pid);
void FloorDeath(const cgroup::Layout& layout, const std::string& name);

}  // namespace caisson::bench
