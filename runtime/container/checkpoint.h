// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/cgroup/record.h"
#include "runtime/container/lifecycle.h"
#include "runtime/criu/command.h"

namespace caisson::container {

// Keeping a running container in files and bringing it back, by criu(8). The image is criu's own
// with runc's descriptors.json beside it.

// Unless told to leave it running, the container is deleted once its image is complete.
// Errors: kNotFound; kWrongState unless it runs or is paused; kUnsupported for a container with a
// terminal; what criu says.
Status Checkpoint(const Context& context, const std::string& id, const criu::DumpOptions& options);

// Makes the container from the image: its configuration is the bundle's, its processes are those of
// the image, in the cgroup and under the limits of the configuration. Hooks before and in the
// container are not run; poststart and poststop are.
// Errors: as Create; what criu says.
Result<Created> Restore(const Context& context, const CreateOptions& options,
                        const criu::RestoreOptions& criu_options);

// What a container's mounts take from outside: binds, cgroup hierarchies, masked files. By where
// they really are in the root, whatever links their destinations go through.
// `rootfs`: as the host sees it.
std::vector<criu::ExternalMount> ExternalMounts(const spec::Config& config,
                                                const std::string& bundle,
                                                const std::string& rootfs,
                                                const cgroup::Record& cgroup);

}  // namespace caisson::container
