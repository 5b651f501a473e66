// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/launch/init_view.h"
#include "runtime/launch/process_plan.h"
#include "runtime/process/hooks.h"
#include "runtime/process/namespaces.h"
#include "runtime/process/sysctl.h"
#include "runtime/rootfs/rootfs.h"
#include "runtime/security/id_map.h"
#include "runtime/spec/config.h"
#include "runtime/sync/message.h"

namespace caisson::launch {

// Descriptors that go to the new process, borrowed from the caller.
struct Descriptors {
  int stdio[3] = {0, 1, 2};
  std::vector<int> extra;   // become 3, 4, ...
  unsigned preserved = 0;   // from 3 on, already in place in this process (without `extra`)
  int console_socket = -1;  // where the terminal's master goes; -1: to the parent
  int gate = -1;            // listening socket for `start`; -1: the parent starts it
  int lock = -1;            // the container's lock, which init must not keep alive
};

// A container's first process.
struct InitRequest {
  const spec::Config* config = nullptr;  // with a process; must outlive the plan
  std::string id;
  std::string bundle;
  rootfs::RootfsContext rootfs;  // user and cgroup namespace are filled in from the configuration
  ProcessRequest process;
  Descriptors descriptors;
  bool new_keyring = true;
  bool privileged = true;  // root on the host
  // Nothing that the parent does to the process between clone3 and kContinue can fail its set-up.
  bool works_while_placed = false;
};

// A further process of a running container.
struct ExecRequest {
  ProcessRequest process;
  std::string id;
  Descriptors descriptors;
  int init_pidfd = -1;           // whose namespaces are joined
  std::uint64_t join_flags = 0;  // CLONE_NEW*: those that differ from this process's
  bool new_keyring = true;
};

// All that a launch will do, checked and opened in the parent, and the words for each step of it.
// The child reads the view after clone3 at the same addresses, so the plan neither moves nor
// changes. Thread-compatible: one owner at a time.
class LaunchPlan {
 public:
  // Errors: those of each room's plan.
  static Result<std::unique_ptr<LaunchPlan>> ForInit(InitRequest request);
  static Result<std::unique_ptr<LaunchPlan>> ForExec(const ExecRequest& request);

  LaunchPlan(const LaunchPlan&) = delete;
  LaunchPlan& operator=(const LaunchPlan&) = delete;
  ~LaunchPlan() = default;

  const InitView& view() const { return view_; }
  const process::NamespacePlan& namespaces() const { return namespaces_; }
  const std::optional<security::IdMapPlan>& id_map() const { return id_map_; }
  const ProcessPlan& process() const { return *process_; }
  std::optional<std::int32_t> oom_score_adj() const { return oom_score_adj_; }
  bool makes_user_namespace() const { return id_map_.has_value(); }
  const std::vector<std::string>& warnings() const { return warnings_; }

  // Gives the hooks that init runs the state, which holds init's pid: after clone3, before init is
  // told to go on.
  Status SetHookState(std::string_view creating, std::string_view created);

  // Has the new process join its cgroups by itself, as soon as it is told that they are ready:
  // before clone3. Not across a user namespace that is joined (see needs_stage1).
  void JoinBy(cgroup::JoinFiles files);

  // How often init asks for it before it is created, and what is done then.
  std::size_t asked_maps() const { return rootfs_ ? rootfs_->asked_maps() : 0; }
  Status MapAsked(const sync::Message& wanted, FdView tree) const;

  // A failure of init (or stage 1) as a sentence:
  //   mount #3 proc on "/proc": fsmount "proc": Operation not permitted (EPERM)
  Error Explain(const sync::Message& failed) const;

 private:
  LaunchPlan() = default;
  Status PlanNamespacesAndMaps(const InitRequest& request);
  Status PlanFilesAndHooks(InitRequest& request);
  Status PlaceDescriptors(const Descriptors& descriptors);
  void FillSystem(const InitRequest& request);
  Error ExplainSystem(const sync::Message& failed) const;

  process::NamespacePlan namespaces_;
  std::optional<security::IdMapPlan> id_map_;
  std::optional<rootfs::RootfsPlan> rootfs_;
  rootfs::RootfsView rootfs_view_;
  std::optional<process::ChildHooks> container_hooks_;
  std::optional<process::ChildHooks> start_hooks_;
  process::SysctlPlan sysctls_;
  std::vector<process::SysctlStep> sysctl_steps_;
  std::optional<ProcessPlan> process_;
  std::optional<std::int32_t> oom_score_adj_;
  std::optional<cgroup::JoinFiles> join_files_;
  std::string keyring_;
  std::string hostname_;
  std::string domainname_;
  std::vector<UniqueFd> moved_;  // copies of sources that stood where a target comes
  std::vector<int> extra_;
  std::vector<std::string> warnings_;
  InitView view_;
};

}  // namespace caisson::launch
