// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>

#include "agent/pods/node.h"

namespace caisson::pods {

// Takes down what lies under the run, data and log directories for pods whose uid is not `wanted`:
// keepers, cgroups, addresses, volumes, logs. What fails is logged and tried at the next start.
void ClearOrphans(Node& node, const std::set<std::string>& wanted);

}  // namespace caisson::pods
