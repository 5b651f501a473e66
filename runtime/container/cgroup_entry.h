// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/cgroup/manager.h"
#include "runtime/launch/launch_plan.h"
#include "runtime/launch/parent.h"

namespace caisson::container {

// How a process that is about to be cloned gets into its cgroups. Must live until it is cloned.
struct CgroupEntry {
  UniqueFd v2_directory;  // clone3 puts it there
  cgroup::V2Join v2_join = cgroup::V2Join::kByWrite;
  bool by_itself = false;  // else the parent moves it, by Manager::AddProcess with v2_join
};

enum class OwnHand { kAllowed, kForbidden };

// Into v2's by clone3 where there is one, into the others by its own hand where that is allowed;
// tells `work` and `plan` so. Not for a process that has a stage 1 or whose cgroup is not made yet.
Result<CgroupEntry> PlanCgroupEntry(const cgroup::Manager& cgroup, OwnHand own_hand,
                                    launch::LaunchPlan& plan, launch::ParentWork& work);

}  // namespace caisson::container
