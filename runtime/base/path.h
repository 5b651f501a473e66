// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson {

// openat(2), always close-on-exec, retried on EINTR.
// Errors: as openat(2), with `path` as the operand.
Result<UniqueFd> OpenAt(FdView dir, const std::string& path, int flags, mode_t mode = 0);

// Opens `path` as the container sees it: "..", absolute paths and symlinks stay inside `root`.
// Always close-on-exec. EAGAIN (a rename raced with "..") is retried a bounded number of times.
// Errors: kNotFound; kDenied; kSystem with ELOOP for /proc magic links.
// Source: openat2(2), RESOLVE_IN_ROOT.
Result<UniqueFd> OpenInRoot(FdView root, const std::string& path, int flags, mode_t mode = 0);

// mkdir -p inside `root`: existing symlinks are followed as the container sees them, and new
// directories are made one by one with mkdirat(2) on an already opened parent, so that nothing can
// appear outside. Returns the last directory, O_PATH.
Result<UniqueFd> MakeDirsInRoot(FdView root, const std::string& path, mode_t mode);

// mkdir -p with host paths; existing directories keep their mode.
Status MakeDirs(const std::string& path, mode_t mode);

// "/proc/self/fd/N": a name for an open file that no rename can redirect.
std::string FdPath(FdView fd);

// Without ".", empty parts and "..", which never climbs above the start: CleanPath("/a/./b/../c")
// is "/a/c", CleanPath("../x") is "x". Pure text: for names that no symlink can be part of.
std::string CleanPath(std::string_view path);

// Removes what is at `name` under `dir`, with everything below, without following symlinks or
// crossing into other mounts. A name that is not there is success. Needs three descriptors, however
// deep the tree is.
Status RemoveTree(FdView dir, const std::string& name);

}  // namespace caisson
