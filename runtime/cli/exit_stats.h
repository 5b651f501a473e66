// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "runtime/base/process.h"
#include "runtime/cgroup/stats.h"
#include "runtime/container/opened.h"

namespace caisson::cli {

// {"exitCode":0,"signal":0,"oomKills":0,"cpuNs":...,"userNs":...,"systemNs":...,"memoryPeakBytes":...,
// "pidsPeak":...}; a figure that this host does not keep is null.
std::string ExitStatsJson(const ExitStatus& status, const cgroup::Stats& stats);

// Reads the figures of a container that has ended and is not deleted yet, and writes them.
Status WriteExitStats(const std::string& path, const container::Opened& opened,
                      const ExitStatus& status);

// A warning for a container that ended by a SIGKILL of which its memory cgroup knows, with the
// limit:
//   memory limit of 307200 bytes: the kernel killed 1 of the container's processes: out of memory
// Nothing for any other end. To be asked before it is deleted.
std::optional<std::string> OutOfMemory(const container::Opened& opened, const ExitStatus& status);

}  // namespace caisson::cli
