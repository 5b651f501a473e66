// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "agent/volume/volume.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::volume {

// Brings a directory to hold exactly these files, so that a reader sees the old set or the new:
//   ..2026_01_02_03_04_05.N/   the files
//   ..data -> ..2026_...       replaced by rename(2)
//   NAME -> ..data/NAME        one link for each first part of a path
// Every step is relative to an open directory and follows no symlink: a container may have written
// into the volume before. False when the files were there already.
// Errors: kInvalidSpec for a path that is absolute, has "..", or begins with "..".
// Source: Kubernetes' atomic writer.
Result<bool> WriteFiles(FdView dir, const Files& files, std::optional<gid_t> group);

}  // namespace caisson::volume
