// SPDX-License-Identifier: Apache-2.0
// LaunchPlan::Explain: what crossed as numbers, in the user's words.
#include "runtime/launch/launch_plan.h"
#include "runtime/launch/phases_child.h"
#include "runtime/process/attributes.h"

namespace caisson::launch {
namespace {

using sync::Phase;

StepFailure FailureOf(const sync::Message& failed) {
  return {.sys_errno = failed.sys_errno, .item = failed.item};
}

Error ExplainSession(const sync::Message& failed) {
  switch (failed.item) {
    case 0: return SysError("setsid", "container init", failed.sys_errno);
    case 2: return process::ExplainKeyring(failed.sys_errno);
    case 3: return SysError("unshare", "cgroup namespace", failed.sys_errno);
    default: return SysError("sigaction", "container init", failed.sys_errno);
  }
}

}  // namespace

Error LaunchPlan::ExplainSystem(const sync::Message& failed) const {
  if (failed.item >= static_cast<std::size_t>(SystemStep::kSysctl))
    return sysctls_.Explain({.sys_errno = failed.sys_errno,
                             .item = failed.item - static_cast<std::size_t>(SystemStep::kSysctl)});
  switch (static_cast<SystemStep>(failed.item)) {
    case SystemStep::kHostname: return SysError("sethostname", hostname_, failed.sys_errno);
    case SystemStep::kDomainname: return SysError("setdomainname", domainname_, failed.sys_errno);
    default: return SysError("set interface up", "lo", failed.sys_errno);
  }
}

Error LaunchPlan::Explain(const sync::Message& failed) const {
  switch (failed.phase) {
    case Phase::kStage1:
      if (failed.item < namespaces_.joins.size()) return namespaces_.Explain(FailureOf(failed));
      if (failed.item == kStage1Clone)
        return SysError("clone3", "container init", failed.sys_errno);
      if (failed.item == kStage1User)
        return SysError("unshare", "user namespace", failed.sys_errno)
            .Hint("raise user.max_user_namespaces");
      if (failed.item == kStage1Time) return process::ExplainTimeOffsets(failed.sys_errno);
      return SysError("setresuid", "root of the user namespace", failed.sys_errno);
    case Phase::kWaitParent:
    case Phase::kGate:
      if (failed.item >= kJoinCgroup && join_files_)
        return join_files_->Explain(
            {.sys_errno = failed.sys_errno, .item = failed.item - kJoinCgroup});
      return SysError("talk to the runtime", "sync socket", failed.sys_errno);
    case Phase::kJoin:
      if (failed.item < namespaces_.joins.size()) return namespaces_.Explain(FailureOf(failed));
      return SysError("prctl", "PR_SET_DUMPABLE", failed.sys_errno);
    case Phase::kIdentity:
      return SysError("setresuid", "root of the user namespace", failed.sys_errno)
          .Hint("map container id 0 in linux.uidMappings and linux.gidMappings");
    case Phase::kSession:
      if (failed.item != kSessionKeyringLabel) return ExplainSession(failed);
      return process_->Explain(failed);
    case Phase::kRoot:
    case Phase::kMounts:
    case Phase::kTurnRoot:
    case Phase::kProtect:
      if (rootfs_) return rootfs_->Explain(FailureOf(failed));
      break;
    case Phase::kRuntimeHooks:
      return SysError("talk to the runtime", "sync socket", failed.sys_errno);
    case Phase::kContainerHooks:
      if (container_hooks_) return container_hooks_->Explain(FailureOf(failed));
      break;
    case Phase::kStartHooks:
      if (start_hooks_) return start_hooks_->Explain(FailureOf(failed));
      break;
    case Phase::kSystem: return ExplainSystem(failed);
    case Phase::kDescriptors:
      return SysError("place descriptor", StrCat(failed.item), failed.sys_errno);
    default: return process_->Explain(failed);
  }
  return SysError("container init", sync::NameOf(failed.phase), failed.sys_errno);
}

}  // namespace caisson::launch
