// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/rootfs/plan_impl.h"

namespace caisson::rootfs {

// A container path as it is looked up from the root's descriptor: clean, without a leading '/', "."
// for the root itself.
std::string FromRoot(std::string_view container_path);

// Whether `path` (as above) is `directory` or lies below it, by its text.
bool IsWithin(std::string_view path, std::string_view directory);

// What a host path below the container's root is called inside ("/etc/hosts", "/" for the root
// itself); nothing for one that does not lie there by its text, or when the root is the host's.
std::optional<std::string> BelowRoot(const PlanImpl& plan, std::string_view host_path);

// Where something at `container_path` goes, given the mounts planned so far: the short form when
// the last mount that can matter sits exactly on the parent directory.
Place MakePlace(PlanImpl& plan, std::string_view container_path);

// The step whose mount is on top at `from_root`, or -1 when that is unknown or the root's.
int MountOn(const PlanImpl& plan, std::string_view from_root);

}  // namespace caisson::rootfs
