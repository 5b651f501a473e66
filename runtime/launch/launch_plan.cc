// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/launch_plan.h"

#include <sched.h>
#include <unistd.h>

#include "runtime/launch/phases_child.h"
#include "runtime/security/lsm.h"

namespace caisson::launch {
namespace {

using spec::NamespaceType;

bool MakesOrJoins(const process::NamespacePlan& plan, NamespaceType type) {
  return plan.Creates(type) || plan.Joins(type);
}

}  // namespace

Result<std::unique_ptr<LaunchPlan>> LaunchPlan::ForInit(InitRequest request) {
  std::unique_ptr<LaunchPlan> plan(new LaunchPlan);
  CAISSON_TRY(plan->PlanNamespacesAndMaps(request));
  if (plan->id_map_ && plan->id_map_->deny_setgroups &&
      request.process.set_groups == process::SetGroups::kAllowed)
    request.process.set_groups = process::SetGroups::kDenied;
  CAISSON_ASSIGN(plan->process_, ProcessPlan::Build(request.process));
  plan->oom_score_adj_ = request.process.process->oom_score_adj;
  CAISSON_TRY(plan->PlanFilesAndHooks(request));
  plan->FillSystem(request);
  CAISSON_TRY(plan->PlaceDescriptors(request.descriptors));
  plan->process_->Fill(plan->view_);
  // The parent has limits to write and may have a scope to wait for, so init works meanwhile,
  // outside the cgroup whose memory it would take; unless it needs what the parent does: its ids,
  // its cgroup as the root of a namespace, hooks that look for its pid, trees that the parent maps.
  plan->view_.waits_late = request.works_while_placed && !plan->view_.in_user_namespace &&
                           !plan->view_.unshare_cgroup && !plan->view_.runtime_hooks &&
                           !plan->container_hooks_ && plan->asked_maps() == 0;
  plan->view_.has_program = request.config->process.has_value();
  if (plan->makes_user_namespace()) plan->view_.rlimit_count = 0;  // the parent sets them
  for (const std::string& warning : plan->process_->warnings()) plan->warnings_.push_back(warning);
  return plan;
}

Result<std::unique_ptr<LaunchPlan>> LaunchPlan::ForExec(const ExecRequest& request) {
  std::unique_ptr<LaunchPlan> plan(new LaunchPlan);
  plan->view_.kind = InitView::Kind::kExec;
  plan->view_.keeps_affinity = request.process.process->exec_cpu_affinity.has_value();
  CAISSON_ASSIGN(plan->process_, ProcessPlan::Build(request.process));
  plan->oom_score_adj_ = request.process.process->oom_score_adj;
  // One setns(2) with init's pidfd enters all of them, the user namespace first.
  const int at_once = static_cast<int>(request.join_flags & ~std::uint64_t{CLONE_NEWPID});
  plan->view_.in_user_namespace = (request.join_flags & CLONE_NEWUSER) != 0;
  const process::NamespaceJoin all = {.clone_flag = at_once, .fd = request.init_pidfd};
  if ((request.join_flags & CLONE_NEWPID) != 0) {
    const process::NamespaceJoin pid = {.clone_flag = CLONE_NEWPID, .fd = request.init_pidfd};
    // From another user namespace the pid namespace opens only to who has entered that one.
    if (plan->view_.in_user_namespace) {
      plan->namespaces_.needs_stage1 = true;
    } else {
      plan->namespaces_.pid_detour = pid;
    }
    if (plan->namespaces_.needs_stage1)
      plan->namespaces_.joins = {{.clone_flag = at_once | CLONE_NEWPID, .fd = request.init_pidfd}};
  }
  if (plan->namespaces_.joins.empty() && at_once != 0) plan->namespaces_.joins = {all};
  plan->namespaces_.paths.assign(plan->namespaces_.joins.size(), "the container's init");
  if (!plan->namespaces_.needs_stage1) {
    plan->view_.joins = plan->namespaces_.joins.data();
    plan->view_.join_count = plan->namespaces_.joins.size();
  }
  if (request.new_keyring) plan->keyring_ = StrCat("_ses.", request.id);
  plan->view_.keyring = plan->keyring_.empty() ? nullptr : plan->keyring_.c_str();
  CAISSON_TRY(plan->PlaceDescriptors(request.descriptors));
  plan->process_->Fill(plan->view_);
  for (const std::string& warning : plan->process_->warnings()) plan->warnings_.push_back(warning);
  return plan;
}

Status LaunchPlan::PlanNamespacesAndMaps(const InitRequest& request) {
  const spec::Linux& linux_config = request.config->linux;
  CAISSON_ASSIGN(namespaces_, process::PlanNamespaces(linux_config));
  if (namespaces_.Creates(NamespaceType::kUser)) {
    const security::IdMapCaller caller = {
        .uid = ::geteuid(), .gid = ::getegid(), .privileged = request.privileged};
    CAISSON_ASSIGN(
        id_map_, security::PlanIdMap(linux_config.uid_mappings, linux_config.gid_mappings, caller));
  }
  view_.in_user_namespace = MakesOrJoins(namespaces_, NamespaceType::kUser);
  if (namespaces_.Creates(NamespaceType::kCgroup)) {
    namespaces_.create_flags &= ~std::uint64_t{CLONE_NEWCGROUP};
    view_.unshare_cgroup = true;
  }
  if (!namespaces_.needs_stage1) {
    view_.joins = namespaces_.joins.data();
    view_.join_count = namespaces_.joins.size();
  }
  view_.loopback_up = namespaces_.Creates(NamespaceType::kNetwork);
  CAISSON_ASSIGN(sysctls_, process::PlanSysctls(linux_config.sysctl, namespaces_.private_flags()));
  sysctl_steps_ = sysctls_.steps();
  view_.sysctls = sysctl_steps_.data();
  view_.sysctl_count = sysctl_steps_.size();
  return Ok();
}

Status LaunchPlan::PlanFilesAndHooks(InitRequest& request) {
  const spec::Config& config = *request.config;
  rootfs::RootfsContext& context = request.rootfs;
  context.user_namespace = view_.in_user_namespace;
  context.joined_user_namespace = namespaces_.JoinedUser();
  context.new_network_namespace = namespaces_.Creates(NamespaceType::kNetwork);
  context.cgroup_namespace = view_.unshare_cgroup || namespaces_.Joins(NamespaceType::kCgroup);
  context.rootless = !request.privileged;
  context.selinux = !config.linux.mount_label.empty() && security::DetectLsm().selinux;
  context.pre_pivot_hooks = !config.hooks.prestart.empty() ||
                            !config.hooks.create_runtime.empty() ||
                            !config.hooks.create_container.empty();
  CAISSON_ASSIGN(rootfs_, rootfs::PlanRootfs(config, std::move(context)));
  for (const std::string& warning : rootfs_->warnings()) warnings_.push_back(warning);
  rootfs_view_ = rootfs_->View();
  view_.rootfs = &rootfs_view_;
  view_.runtime_hooks = !config.hooks.prestart.empty() || !config.hooks.create_runtime.empty();
  if (!config.hooks.create_container.empty()) {
    CAISSON_ASSIGN(container_hooks_,
                   process::ChildHooks::Build("createContainer", config.hooks.create_container,
                                              request.bundle));
    view_.container_hooks = container_hooks_->view();
  }
  if (!config.hooks.start_container.empty()) {
    CAISSON_ASSIGN(start_hooks_,
                   process::ChildHooks::Build("startContainer", config.hooks.start_container, ""));
    view_.start_hooks = start_hooks_->view();
  }
  return Ok();
}

void LaunchPlan::FillSystem(const InitRequest& request) {
  hostname_ = request.config->hostname;
  domainname_ = request.config->domainname;
  if (!hostname_.empty()) {
    view_.hostname = hostname_.data();
    view_.hostname_size = hostname_.size();
  }
  if (!domainname_.empty()) {
    view_.domainname = domainname_.data();
    view_.domainname_size = domainname_.size();
  }
  if (request.new_keyring) {
    keyring_ = StrCat("_ses.", request.id);
    view_.keyring = keyring_.c_str();
  }
}

// Every source ends up above every target, so that the child's dup2 calls cannot destroy one
// another nor the sockets that it still needs.
Status LaunchPlan::PlaceDescriptors(const Descriptors& descriptors) {
  const auto extra_count = static_cast<unsigned>(descriptors.extra.size());
  view_.preserved = extra_count > 0 ? extra_count : descriptors.preserved;
  const int ceiling = 3 + static_cast<int>(view_.preserved);
  const auto place = [&](int source, int target) -> Result<int> {
    if (source < 0 || source == target || source >= ceiling) return source;
    moved_.emplace_back(::fcntl(source, F_DUPFD_CLOEXEC, ceiling));
    if (!moved_.back().valid()) return SysError("dup", StrCat("descriptor ", source));
    return moved_.back().get();
  };
  for (int standard = 0; standard < 3; ++standard) {
    CAISSON_ASSIGN(view_.stdio[standard], place(descriptors.stdio[standard], standard));
  }
  for (unsigned i = 0; i < extra_count; ++i) {
    // Also one that is in place already gets a fresh copy: dup2 then clears its close-on-exec flag.
    CAISSON_ASSIGN(const int source, place(descriptors.extra[i], -1));
    extra_.push_back(source);
  }
  view_.extra_fds = extra_.data();
  view_.extra_count = extra_.size();
  CAISSON_ASSIGN(view_.console_socket, place(descriptors.console_socket, -1));
  if (start_hooks_) {
    CAISSON_ASSIGN(view_.start_hooks.state_fd, place(view_.start_hooks.state_fd, -1));
    CAISSON_ASSIGN(view_.start_hooks.report_fd, place(view_.start_hooks.report_fd, -1));
  }
  view_.lock_fd = descriptors.lock;
  CAISSON_ASSIGN(view_.gate_fd, place(descriptors.gate, -1));
  return Ok();
}

void LaunchPlan::JoinBy(cgroup::JoinFiles files) {
  join_files_ = std::move(files);
  view_.cgroups = join_files_->view();
}

Status LaunchPlan::MapAsked(const sync::Message& wanted, FdView tree) const {
  if (!rootfs_) return Error(Code::kInternal, "init wants ids mapped, and mounts nothing");
  return rootfs_->MapAsked(static_cast<std::size_t>(wanted.value), tree);
}

Status LaunchPlan::SetHookState(std::string_view creating, std::string_view created) {
  if (container_hooks_) CAISSON_TRY(container_hooks_->SetState(creating));
  if (start_hooks_) CAISSON_TRY(start_hooks_->SetState(created));
  return Ok();
}

}  // namespace caisson::launch
