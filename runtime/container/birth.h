// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "runtime/base/rollback.h"
#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/manager.h"
#include "runtime/container/cgroup_entry.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/notify_socket.h"
#include "runtime/container/resctrl.h"
#include "runtime/criu/command.h"
#include "runtime/launch/launch_plan.h"
#include "runtime/launch/parent.h"
#include "runtime/state/directory.h"
#include "runtime/state/record.h"

namespace caisson::container {

// Whether init waits for another process (`start`) or for this one (`run`).
enum class Gate { kSocket, kChannel };

// A container on its way into being. Each step first writes down what it is about to make; a Birth
// that is dropped before Finish takes everything apart again.
// Thread-compatible: one owner at a time.
class Birth {
 public:
  // Reads and checks the configuration, takes the id, writes the first record.
  static Result<std::unique_ptr<Birth>> Begin(const Context& context, const CreateOptions& options);
  Birth(const Birth&) = delete;
  Birth& operator=(const Birth&) = delete;
  ~Birth();

  // Makes it: when this returns, init waits at the gate.
  Status MakeInit(Gate gate);
  // Only with Gate::kChannel: lets init go and waits until it has become the user's program.
  Status Start();
  // In place of both: brings its processes back from an image.
  Status RestoreInit(const criu::RestoreOptions& options);
  // It is the caller's now.
  Created Finish();

 private:
  Birth(const Context& context, const CreateOptions& options, state::Directory directory)
      : context_(context), options_(options), directory_(std::move(directory)) {}
  Status FillRecord(std::string_view config_json);
  Status MakeCgroup();
  Status MakeResctrlGroup();
  Status PlanLaunch(Gate gate);
  Status PlanJoin(launch::ParentWork& work);
  Status Place(const Pidfd& init);
  Status SetChildHookState(const Pidfd& init);
  Status EnterCgroup(const Pidfd& process);
  Status MoveInterfaces(const Pidfd& init);
  Status RunHooks(const Pidfd& init);
  Status TakeRestored(const std::string& pid_file);
  bool HasHooks() const;
  std::string StateJson(ContainerStatus status) const;

  const Context& context_;
  const CreateOptions& options_;
  state::Directory directory_;
  spec::Config config_;
  spec::Process placeholder_;
  state::Record record_;
  cgroup::Layout layout_;
  std::optional<cgroup::Manager> cgroup_;
  CgroupEntry entry_;
  std::optional<Resctrl> resctrl_;
  UniqueFd console_socket_;
  UniqueFd gate_;
  std::optional<NotifyRelay> notify_relay_;
  std::unique_ptr<launch::LaunchPlan> plan_;
  std::optional<launch::Launched> launched_;
  Rollback interfaces_home_;
  bool finished_ = false;
  bool hooks_ran_ = false;
  bool has_cgroup_ = false;
};

}  // namespace caisson::container
