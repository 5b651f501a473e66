// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/base/child_zone.h"
#include "runtime/launch/init_view.h"
#include "runtime/rootfs/mount_plan.h"

namespace caisson::launch {

// What init finds out on its way.
struct InitState {
  InitView& view;
  rootfs::RootfsView rootfs;  // init's own copy, which it writes to
  int sync_fd;                // where failures go: the parent, after the gate the starter
  const char* program = nullptr;
  bool in_work_dir = false;
};

// Child zone: one function for each phase, each doing nothing when the plan has nothing for it.
StepFailure WaitParent(InitState& state) noexcept;
StepFailure WaitParentLate(InitState& state) noexcept;
StepFailure Join(InitState& state) noexcept;
StepFailure BecomeNamespaceRoot(InitState& state) noexcept;
StepFailure StartSession(InitState& state) noexcept;
StepFailure PrepareRoot(InitState& state) noexcept;
StepFailure MakeMounts(InitState& state) noexcept;
StepFailure WaitRuntimeHooks(InitState& state) noexcept;
StepFailure RunContainerHooks(InitState& state) noexcept;
StepFailure TurnRoot(InitState& state) noexcept;
StepFailure MakeConsole(InitState& state) noexcept;
StepFailure Protect(InitState& state) noexcept;
StepFailure SetUpSystem(InitState& state) noexcept;
StepFailure Schedule(InitState& state) noexcept;
StepFailure Resolve(InitState& state) noexcept;
StepFailure WaitAtGate(InitState& state) noexcept;
// Closes what is no more needed before a wait that may last for days: what the caller had open by
// chance, and the runtime's own. Best effort: execve(2) closes what is left.
void CloseUnneeded(const InitState& state) noexcept;
StepFailure RunStartHooks(InitState& state) noexcept;
StepFailure SetLabels(InitState& state) noexcept;
StepFailure SetLimits(InitState& state) noexcept;
StepFailure BecomeUser(InitState& state) noexcept;
StepFailure EnterWorkDir(InitState& state) noexcept;
StepFailure EnterWorkDirAsUser(InitState& state) noexcept;
StepFailure PlaceDescriptors(InitState& state) noexcept;
StepFailure Filter(InitState& state) noexcept;
StepFailure Execute(InitState& state) noexcept;

// Steps of phases that have no plan of another room: what a failure's `item` means.
enum class SystemStep : std::size_t {
  kHostname,
  kDomainname,
  kLoopback,
  kCgroupNamespace,
  kSysctl = 16
};
constexpr std::size_t kSessionKeyringLabel = 4;
enum class UserStep : std::size_t {
  kBounding = 0,
  kKeep = 64,
  kIdentity = 128,
  kCapabilities = 192
};
enum class SeccompStep : std::size_t { kNoNewPrivileges, kFilter, kCapabilities = 192 };

// Joins the cgroups that the parent has prepared, once; items from kJoinCgroup on are its.
inline constexpr std::size_t kJoinCgroup = 1;
StepFailure EnterCgroups(InitState& state) noexcept;

// Stage 1: items below these are joins.
inline constexpr std::size_t kStage1Identity = 100;
inline constexpr std::size_t kStage1Time = 101;
inline constexpr std::size_t kStage1Clone = 102;
inline constexpr std::size_t kStage1User = 103;

}  // namespace caisson::launch
