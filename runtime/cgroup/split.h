// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "runtime/cgroup/record.h"
#include "runtime/spec/resources.h"

namespace caisson::cgroup {

// Pure: what of `resources` is for the v1 directories of a record and what for its v2 directory.
// Each controller lives in one of them: v1 has what it has, v2 the rest. A file of `unified` goes
// to v2 unless v1 has its controller, where it is refused by name, as `network` is on v2 alone.
std::pair<spec::Resources, spec::Resources> SplitByVersion(const spec::Resources& resources,
                                                           const Record& record);

}  // namespace caisson::cgroup
