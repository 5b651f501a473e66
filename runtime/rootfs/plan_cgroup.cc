// SPDX-License-Identifier: Apache-2.0
#include <sys/mount.h>

#include <algorithm>

#include "runtime/rootfs/place.h"
#include "runtime/rootfs/plan_mounts.h"

namespace caisson::rootfs {
namespace {

std::string_view BaseName(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// What all mounts below the target get. Access times mean nothing in a cgroup file system, and
// changing how they are kept is forbidden where the kernel locks mounts.
std::uint64_t CommonAttributes(const RootfsContext& context, const MountOptions& options) {
  std::uint64_t set = options.attributes.set | options.attributes.set_below;
  set &= ~std::uint64_t{MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME};
  // Without a cgroup namespace the tree may be more than the container's: never writable to a root
  // that is not the host's (CVE-2023-25809).
  if (context.user_namespace && !context.cgroup_namespace) set |= MOUNT_ATTR_RDONLY;
  return set;
}

MountStep TreeStep(std::size_t index) {
  MountStep step;
  step.kind = MountKind::kTree;
  step.recursive = false;
  step.config_index = static_cast<std::uint32_t>(index);
  return step;
}

Status OpenOwn(Planner& planner, MountStep& step, const std::string& path) {
  if (!planner.context.cgroups_made_later) return OpenOrLeave(planner, step, path);
  step.source = planner.plan.Keep(path);
  return Ok();
}

// One tree: the container's own cgroup, or all that the host shows when there is no cgroup
// namespace in which paths would make sense otherwise.
Status PlanUnified(Planner& planner, std::size_t index, const MountOptions& options) {
  const CgroupSource& source = planner.context.cgroups.front();
  MountStep step = TreeStep(index);
  step.place = MakePlace(planner.plan, planner.config.mounts[index].destination);
  step.attributes.set = CommonAttributes(planner.context, options);
  step.attributes.propagation = MS_PRIVATE;
  const bool whole = !planner.context.cgroup_namespace && !planner.context.user_namespace;
  CAISSON_TRY(OpenOwn(planner, step, whole ? source.mount : source.own));
  if (step.tree_fd >= 0)
    CAISSON_TRY(SetTreeAttributes(FdView::Raw(step.tree_fd), step.attributes, step.source));
  planner.plan.mounts.push_back(step);
  return Ok();
}

Place PlaceIn(PlanImpl& plan, const Place& directory, int base, std::string_view name) {
  Place place;
  place.base = base;
  place.target = plan.Keep(StrCat(directory.target, "/", name));
  place.shown_as = plan.Keep(StrCat(directory.shown_as, "/", name));
  place.leaf = place.target + std::string_view(directory.target).size() + 1;
  return place;
}

void AddLinks(PlanImpl& plan, const CgroupSource& source, const Place& directory, int base,
              std::size_t index) {
  const auto names = Split(source.controllers, ',');
  for (const auto name : names) {
    if (source.v2 || names.size() < 2 || name == BaseName(source.mount)) continue;
    MountStep step = TreeStep(index);
    step.kind = MountKind::kSymlink;
    step.place = PlaceIn(plan, directory, base, name);
    step.source = plan.Keep(BaseName(source.mount));
    plan.mounts.push_back(step);
  }
}

MountStep HolderStep(Planner& planner, std::size_t index) {
  PlanImpl& plan = planner.plan;
  MountStep step = TreeStep(index);
  step.kind = MountKind::kFilesystem;
  step.fs_type = "tmpfs";
  step.keep_open = true;
  step.place = MakePlace(plan, planner.config.mounts[index].destination);
  std::vector<FsOption> list = {{"source", "tmpfs"}, {"mode", "755"}};
  const std::string& label = planner.config.linux.mount_label;
  if (planner.context.selinux && !label.empty()) list.push_back({"context", plan.Keep(label)});
  step.option_count = static_cast<std::uint32_t>(list.size());
  step.options = plan.option_lists.emplace_back(std::move(list)).data();
  return step;
}

}  // namespace

Status PlanCgroupMount(Planner& planner, std::size_t index, const MountOptions& options) {
  PlanImpl& plan = planner.plan;
  const auto& sources = planner.context.cgroups;
  if (sources.empty()) {
    plan.warnings.push_back(
        StrCat(MountName(planner.config, index), ": left out, the container has no cgroup"));
    return Ok();
  }
  if (sources.size() == 1 && sources.front().v2) return PlanUnified(planner, index, options);
  const auto base = static_cast<std::int32_t>(plan.mounts.size());
  const MountStep holder = HolderStep(planner, index);
  const Place directory = holder.place;
  plan.mounts.push_back(holder);
  for (const CgroupSource& source : sources) {
    MountStep step = TreeStep(index);
    step.place = PlaceIn(plan, directory, base, BaseName(source.mount));
    step.target_missing = true;
    CAISSON_TRY(OpenOwn(planner, step, source.own));
    plan.mounts.push_back(step);
    AddLinks(plan, source, directory, base, index);
  }
  // Once for all of them.
  MountStep finish = TreeStep(index);
  finish.kind = MountKind::kAttributes;
  finish.place.base = base;
  finish.place.shown_as = directory.shown_as;
  finish.attributes.set_below = CommonAttributes(planner.context, options);
  finish.attributes.propagation_below = MS_PRIVATE;
  plan.mounts.push_back(finish);
  return Ok();
}

}  // namespace caisson::rootfs
