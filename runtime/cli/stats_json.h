// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "runtime/cgroup/stats.h"

namespace caisson::cli {

// One line of `events`: {"type":"stats","id":...,"data":{...}} with the members of runc's, which
// containerd and scripts decode. Absent counters are 0, as there.
std::string StatsEvent(const std::string& id, const cgroup::Stats& stats);
// {"type":"oom","id":...}
std::string OomEvent(const std::string& id);

}  // namespace caisson::cli
