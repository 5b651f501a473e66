// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/spec/config.h"

namespace caisson::spec {

// What `caisson spec` writes: a configuration that runs a shell from the bundle's "rootfs", with
// the values that runc's example has. A cgroup namespace is added where `cgroup_namespace` says so
// (runc: on hosts with the unified hierarchy only).
Config Example(bool cgroup_namespace);

// Turns it into one for a user without privileges: own user namespace with one id mapped, the
// host's network, /sys bound instead of mounted, no uid= and gid= options, no resources.
void MakeRootless(Config& config, std::uint32_t host_uid, std::uint32_t host_gid);

}  // namespace caisson::spec
