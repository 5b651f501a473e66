// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::keeper {

// Where the small root shows this program, for an execve that leaves the old mounts behind.
inline constexpr char kProgramInSmallRoot[] = "/bin/caisson-keeper";

// Moves this process into a mount namespace of its own that holds next to nothing: a read-only
// tmpfs with the host's /proc, /sys, /dev, its cgroups, `visible` (host directories, at the same
// paths), and this program on a read-only mount. Every container starts from a copy of it, so a
// container costs the same on a host with ten mounts and with ten thousand; and nothing here keeps
// another mount of the host busy. The current directory becomes "/".
// A process that came from kProgramInSmallRoot cannot be used to overwrite the program by way of
// /proc/PID/exe, as in CVE-2019-5736: its mount is read-only.
// Errors: the step's; a directory of `visible` that does not exist is one.
// Source: open_tree(2), fsmount(2), pivot_root(2).
Status EnterSmallRoot(const std::vector<std::string>& visible);

}  // namespace caisson::keeper
