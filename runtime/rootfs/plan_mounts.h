// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "runtime/base/error.h"
#include "runtime/rootfs/plan_impl.h"
#include "runtime/rootfs/rootfs.h"
#include "runtime/rootfs/source_tree.h"
#include "runtime/spec/config.h"

namespace caisson::rootfs {

// What planning needs beside the plan that grows. Lives as long as one call of PlanRootfs.
struct Planner {
  const spec::Config& config;
  RootfsContext& context;
  PlanImpl& plan;
  MappingNamespaces mapping_namespaces;
  // What binds do with the host's propagation unless they say it themselves: as rootfsPropagation.
  std::uint64_t default_propagation = 0;
};

// Appends the steps of config.mounts[index].
// Errors: kInvalidSpec without the mount's name; those of opening its source.
Status PlanMount(Planner& planner, std::size_t index);

// The same for `type: cgroup`: one tree on v2; on v1 a small tmpfs with each hierarchy's own cgroup
// of the container, and links for controllers mounted together.
Status PlanCgroupMount(Planner& planner, std::size_t index, const MountOptions& options);

// The same for a bind; `step` has its target already. A source below the root's own host path is
// looked up inside the root at the mount's turn, so that it may lie in an earlier mount, and no
// link of the image leads out of the root.
Status PlanBind(Planner& planner, std::size_t index, const MountOptions& options, MountStep step);
bool IsBind(const spec::Mount& mount, const MountOptions& options);
bool IsIdMapped(const spec::Mount& mount, const MountOptions& options);

// Opens the tree of `step` now, or leaves `source` for the child: always when rootless.
Status OpenOrLeave(Planner& planner, MountStep& step, const std::string& source);

// "mount #3 proc on "/proc"": how messages name a mount of the configuration.
std::string MountName(const spec::Config& config, std::size_t index);

}  // namespace caisson::rootfs
