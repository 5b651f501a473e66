// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/bundle/bundle.h"
#include "runtime/base/error.h"

namespace caisson::bundle {

// Adds the container's mounts in the order in which they are made: the kernel's file systems, the
// pod's files, then the volumes by destination, parents first.
// Errors: kInvalidSpec for a mount of a volume that the pod has not.
Status AddMounts(const BundleRequest& request, const std::map<std::string, std::string>& values,
                 Bundle& bundle);

}  // namespace caisson::bundle
