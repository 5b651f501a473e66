// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::volume {

// A tmpfs of this size, mounted on `folder`. It lives until it is unmounted, so that it outlasts
// this program; Kubernetes' agent keeps it in the same way.
Status MountTmpfs(const std::string& folder, std::optional<std::uint64_t> size_bytes);

// What `sub_path` names below `root`; a directory is made when nothing is there. Symlinks that stay
// inside are followed, those that leave are refused, absolute ones too.
// Errors: kInvalidSpec for a sub-path that leads outside.
Result<UniqueFd> OpenSubPath(FdView root, const std::string& sub_path);

// The file or directory with the mounts below it, attached nowhere.
Result<UniqueFd> CloneTree(FdView path, const std::string& shown_as);

// Bytes that files below take on disk; hard links count once a name. Other mounts are left out.
Result<std::uint64_t> MeasureTree(FdView dir);

}  // namespace caisson::volume
