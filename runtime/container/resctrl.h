// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/spec/linux.h"

namespace caisson::container {

inline constexpr char kResctrlRoot[] = "/sys/fs/resctrl";

// linux.intelRdt: a group of the resource control file system for the container. `root` stands in
// for the mount in tests.
// Source: runtime-spec config-linux.md, IntelRdt; kernel filesystems/resctrl.rst.

// Makes the group (or takes one that is there, when closID names it) and writes its schemata.
// Returns the directories that were made and so have to be removed with the container.
// Errors: kUnsupported when the file system is not mounted; kInvalidSpec for a closID that is no
// name, and for one without schemata that does not exist.
Result<std::vector<std::string>> MakeResctrl(const spec::IntelRdt& config,
                                             const std::string& container_id,
                                             const std::string& root = kResctrlRoot);

// Puts a process there.
Status JoinResctrl(const spec::IntelRdt& config, const std::string& container_id, pid_t host_pid,
                   const std::string& root = kResctrlRoot);

}  // namespace caisson::container
