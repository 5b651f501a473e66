// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/error.h"

namespace caisson::container {

// A container without a mount namespace has its root and mounts in the host's, at the root's own
// path. They are found again by what lies there: before the container is made, its root's path
// leads to a certain mount; whatever lies on top of that afterwards is the container's.

// The mount that a path leads to. Errors: kNotFound. Source: statx(2), STATX_MNT_ID, since 5.8.
Result<std::uint64_t> MountIdAt(const std::string& path);

// Detaches what lies at `path` over the mount `below`, with all that is mounted in it. Done when
// there is nothing, so that it may be repeated. Errors: those of umount2(2).
Status DetachHostRoot(const std::string& path, std::uint64_t below);

}  // namespace caisson::container
