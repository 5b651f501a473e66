// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <optional>

#include "runtime/spec/config.h"

namespace caisson::container {

// The host uid that the container's cgroup is to belong to: that of its process, when the container
// has a cgroup namespace of its own and the cgroup file system in it to write to. Else none, and
// the cgroup stays the caller's. Pure. Source: runtime-spec 1.3, config-linux.md, "Cgroup
// ownership".
std::optional<uid_t> CgroupOwner(const spec::Config& config);

}  // namespace caisson::container
