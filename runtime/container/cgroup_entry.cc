// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/cgroup_entry.h"

namespace caisson::container {

Result<CgroupEntry> PlanCgroupEntry(const cgroup::Manager& cgroup, OwnHand own_hand,
                                    launch::LaunchPlan& plan, launch::ParentWork& work) {
  CgroupEntry entry;
  if (auto directory = cgroup.DirFdForClone()) {
    entry.v2_directory = std::move(directory).value();
    entry.v2_join = cgroup::V2Join::kDoneByClone;
    work.cgroup_fd = entry.v2_directory.get();
  }
  if (own_hand == OwnHand::kForbidden) return entry;
  CAISSON_ASSIGN(cgroup::JoinFiles files, cgroup.OpenToJoin(entry.v2_join));
  plan.JoinBy(std::move(files));
  entry.by_itself = true;
  return entry;
}

}  // namespace caisson::container
