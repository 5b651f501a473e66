// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "agent/volume/volume.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::volume {

// The host path, O_PATH, checked to be what its type says and made where the type asks for it.
// Symlinks are followed as the host sees them, below `host_root`.
// Errors: kInvalidSpec for a relative path, ".." or something of another kind; kNotFound.
// Source: Kubernetes, hostPath volume types.
Result<UniqueFd> OpenHostPath(const std::string& host_root, const HostPath& host);

}  // namespace caisson::volume
