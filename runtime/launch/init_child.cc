// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/init_child.h"

#include <unistd.h>

#include "runtime/base/trace.h"
#include "runtime/launch/phases_child.h"
#include "runtime/sync/sync_child.h"

namespace caisson::launch {
namespace {

using sync::Phase;

struct Row {
  Phase phase;
  StepFailure (*run)(InitState&) noexcept;
};

// The order is the kernel's and the specification's; each phase says why it stands where it does.
constexpr Row kInitPhases[] = {
    {Phase::kWaitParent, WaitParent},
    {Phase::kJoin, Join},
    {Phase::kIdentity, BecomeNamespaceRoot},
    {Phase::kSession, StartSession},
    {Phase::kRoot, PrepareRoot},
    {Phase::kMounts, MakeMounts},
    {Phase::kRuntimeHooks, WaitRuntimeHooks},
    {Phase::kContainerHooks, RunContainerHooks},
    {Phase::kTurnRoot, TurnRoot},
    {Phase::kConsole, MakeConsole},
    {Phase::kProtect, Protect},
    {Phase::kSystem, SetUpSystem},
    {Phase::kScheduling, Schedule},
    {Phase::kResolve, Resolve},
    {Phase::kWaitParent, WaitParentLate},
    {Phase::kGate, WaitAtGate},
    {Phase::kLsm, SetLabels},
    {Phase::kDescriptors,
     PlaceDescriptors},  // before limits on them, and before they are given away
    {Phase::kLimits, SetLimits},
    {Phase::kWorkDir, EnterWorkDir},
    {Phase::kUser, BecomeUser},
    {Phase::kWorkDir, EnterWorkDirAsUser},
    {Phase::kSeccomp, Filter},
    // The image's programs: they get the container's rights and filter, not the runtime's.
    {Phase::kStartHooks, RunStartHooks},
    {Phase::kExec, Execute},
};

// A process that joins a running container: nothing is made, and the wait for the cgroup comes as
// late as it may, so that the parent's writes overlap with the way in.
constexpr Row kExecPhases[] = {
    {Phase::kJoin, Join},
    {Phase::kIdentity, BecomeNamespaceRoot},
    {Phase::kSession, StartSession},
    {Phase::kConsole, MakeConsole},
    {Phase::kWaitParent, WaitParent},
    {Phase::kScheduling, Schedule},
    {Phase::kResolve, Resolve},
    {Phase::kLsm, SetLabels},
    {Phase::kDescriptors,
     PlaceDescriptors},  // before limits on them, and before they are given away
    {Phase::kLimits, SetLimits},
    {Phase::kWorkDir, EnterWorkDir},
    {Phase::kUser, BecomeUser},
    {Phase::kWorkDir, EnterWorkDirAsUser},
    {Phase::kSeccomp, Filter},
    {Phase::kExec, Execute},
};

template <std::size_t N>
[[noreturn]] void Walk(const Row (&rows)[N], InitState& state) noexcept {
  for (const Row& row : rows) {
    CAISSON_TRACE(init_phase, sync::NameOf(row.phase));
    const StepFailure failure = row.run(state);
    if (!failure.ok()) sync::DieInChild(state.sync_fd, row.phase, failure);
  }
  // execve came back without an errno: cannot be.
  sync::DieInChild(state.sync_fd, Phase::kExec, StepFailure{.sys_errno = EPROTO, .item = 0});
}

}  // namespace

void RunInit(InitView& view) noexcept {
  CAISSON_TRACE(create_7, view.kind == InitView::Kind::kInit ? "init" : "exec");
  if (view.lock_fd >= 0) ::close(view.lock_fd);
  if (view.parent_fd >= 0) ::close(view.parent_fd);
  // Else it goes with the old root.
  if (view.seal_fd >= 0 && view.kind == InitView::Kind::kExec) ::close(view.seal_fd);
  InitState state{.view = view, .rootfs = {}, .sync_fd = view.sync_fd};
  if (view.rootfs != nullptr) state.rootfs = *view.rootfs;
  if (view.kind == InitView::Kind::kInit) Walk(kInitPhases, state);
  Walk(kExecPhases, state);
}

}  // namespace caisson::launch
