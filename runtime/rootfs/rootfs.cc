// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/rootfs.h"

#include <sys/mount.h>
#include <sys/stat.h>

#include "runtime/base/path.h"
#include "runtime/rootfs/id_mapped.h"
#include "runtime/rootfs/place.h"
#include "runtime/rootfs/plan_covers.h"
#include "runtime/rootfs/plan_devices.h"
#include "runtime/rootfs/plan_impl.h"
#include "runtime/rootfs/plan_mounts.h"

namespace caisson::rootfs {
namespace {

bool HasMountNamespace(const spec::Config& config) {
  return config.linux.FindNamespace(spec::NamespaceType::kMount) != nullptr;
}

Status CheckContext(const spec::Config& config, const RootfsContext& context) {
  if (!config.root || config.root->path.empty())
    return Error(Code::kInvalidSpec, "root.path: missing");
  if (!HasMountNamespace(config) && (context.user_namespace || context.root_tree.valid()))
    return Error(Code::kInvalidSpec, "linux.namespaces: no mount namespace")
        .Hint("add {\"type\": \"mount\"} to the list");
  // What the kernel locked against us could not be detached from the host's tree that stays.
  if (context.no_pivot && context.user_namespace)
    return Error(Code::kInvalidSpec, "no pivot_root is not safe with a user namespace")
        .Hint("leave --no-pivot out");
  return Ok();
}

Status PlanPropagation(Planner& planner) {
  const std::string& name = planner.config.linux.rootfs_propagation;
  planner.default_propagation = MS_SLAVE;
  if (name.empty()) return Ok();
  const auto wanted = ParsePropagation(name);
  if (!wanted)
    return Error(Code::kInvalidSpec,
                 StrCat("linux.rootfsPropagation: \"", name,
                        "\" is none of shared, slave, private, unbindable (with or without r)"));
  const bool cut = wanted->flag == MS_PRIVATE || wanted->flag == MS_UNBINDABLE;
  if (cut) planner.default_propagation = MS_PRIVATE;
  // As a peer of the host's mounts a bind shows the host what is mounted in it.
  if (wanted->flag == MS_SHARED) planner.default_propagation = 0;
  RootfsView& view = planner.plan.view;
  if (wanted->flag == MS_SHARED || wanted->flag == MS_UNBINDABLE) {
    view.root_propagation = wanted->flag;
    view.root_propagation_below = wanted->below;
  }
  return Ok();
}

std::string RootPath(const spec::Config& config, const RootfsContext& context) {
  const std::string& path = config.root->path;
  return CleanPath(path.front() == '/' ? path : StrCat(context.bundle, "/", path));
}

Status PlanRoot(Planner& planner) {
  PlanImpl& plan = planner.plan;
  RootfsContext& context = planner.context;
  plan.root_shown_as = RootPath(planner.config, context);
  RootfsView& view = plan.view;
  view.readonly_root = planner.config.root->readonly;
  view.turn = context.no_pivot ? RootTurn::kChroot : RootTurn::kPivot;
  // Always cut off: what the root becomes for the container is set at the very end.
  view.root_attributes.propagation_below =
      planner.default_propagation == MS_PRIVATE ? MS_PRIVATE : MS_SLAVE;
  // Without a mount namespace the mounts are the host's, at the root's own path, where nothing that
  // lies elsewhere is touched, and from where one umount2(2) takes them all away.
  if (!HasMountNamespace(planner.config)) {
    view.turn = RootTurn::kHostNamespace;
    view.attach_path = plan.Keep(plan.root_shown_as);
    view.root_attributes.propagation_below = MS_PRIVATE;
  }
  if (context.pre_pivot_hooks && !context.root_tree.valid())
    view.attach_path = plan.Keep(plan.root_shown_as);
  view.root_source = plan.Keep(plan.root_shown_as);
  if (context.rootless && !context.root_tree.valid()) return Ok();
  UniqueFd tree = std::move(context.root_tree);
  const bool is_given = tree.valid();
  if (!is_given) {
    CAISSON_ASSIGN(
        tree,
        OpenSourceTreeWith(plan.root_shown_as, true, 0, view.root_attributes.propagation_below),
        "root.path");
  }
  struct stat found;
  if (::fstatat(tree.get(), "", &found, AT_EMPTY_PATH) < 0)
    return SysError("fstat", plan.root_shown_as);
  if (!S_ISDIR(found.st_mode))
    return Error(Code::kInvalidSpec,
                 StrCat("root.path: \"", plan.root_shown_as, "\": no directory"), ENOTDIR);
  if (is_given) CAISSON_TRY(SetTreeAttributes(tree, view.root_attributes, plan.root_shown_as));
  view.root_fd = plan.Keep(std::move(tree));
  return Ok();
}

void PlanWorkDir(Planner& planner) {
  if (!planner.config.process) return;
  const std::string& path = planner.config.process->cwd;
  const std::string work_dir = FromRoot(path);
  if (work_dir != ".") planner.plan.view.work_dir = planner.plan.Keep(work_dir);
}

}  // namespace

RootfsPlan::RootfsPlan(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RootfsPlan::RootfsPlan(RootfsPlan&&) noexcept = default;
RootfsPlan& RootfsPlan::operator=(RootfsPlan&&) noexcept = default;
RootfsPlan::~RootfsPlan() = default;

RootfsView RootfsPlan::View() const {
  RootfsView view = impl_->view;
  view.mounts = impl_->mounts.data();
  view.mount_count = impl_->mounts.size();
  view.devices = impl_->devices.data();
  view.device_count = impl_->devices.size();
  view.links = impl_->links.data();
  view.link_count = impl_->links.size();
  view.masked = impl_->masked.data();
  view.masked_count = impl_->masked.size();
  view.readonly = impl_->readonly.data();
  view.readonly_count = impl_->readonly.size();
  return view;
}

std::size_t RootfsPlan::asked_maps() const { return impl_->asked_maps.size(); }

Status RootfsPlan::MapAsked(std::size_t index, FdView tree) const {
  const auto asked = impl_->asked_maps.find(index);
  if (asked == impl_->asked_maps.end())
    return Error(Code::kInternal, StrCat("rootfs: step ", index, " has no ids to map"));
  const MountStep& step = impl_->mounts[index];
  CAISSON_TRY(MapIds(tree, asked->second.user_namespace, asked->second.recursive,
                     StrCat(impl_->root_shown_as, "/", step.source)),
              impl_->mount_names.at(step.config_index));
  return Ok();
}

const std::vector<std::string>& RootfsPlan::warnings() const { return impl_->warnings; }

Result<RootfsPlan> PlanRootfs(const spec::Config& config, RootfsContext context) {
  CAISSON_TRY(CheckContext(config, context));
  auto impl = std::make_unique<PlanImpl>();
  impl->user_namespace = context.user_namespace;
  Planner planner{config, context, *impl, {}, 0};
  CAISSON_TRY(PlanPropagation(planner));
  CAISSON_TRY(PlanRoot(planner));
  for (std::size_t i = 0; i < config.mounts.size(); ++i) {
    impl->mount_names.push_back(MountName(config, i));
    CAISSON_TRY(PlanMount(planner, i), impl->mount_names.back());
  }
  CAISSON_TRY(PlanDevices(planner));
  CAISSON_TRY(PlanCovers(planner));
  PlanWorkDir(planner);
  return RootfsPlan(std::move(impl));
}

}  // namespace caisson::rootfs
