// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::image {

// Writes the tree below `directory` of the host as a tar file (pax): owners, modes, times, links,
// devices and extended attributes. Symlinks are kept and not followed; other mounts are left out.
// Errors: kNotFound; kSystem naming the path.
Status WriteTar(const std::string& directory, FdView out);

}  // namespace caisson::image
