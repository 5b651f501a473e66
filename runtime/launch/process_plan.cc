// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/process_plan.h"

#include "runtime/launch/phases_child.h"

namespace caisson::launch {
namespace {

using sync::Phase;

StepFailure FailureOf(const sync::Message& failed, std::size_t base = 0) {
  return {.sys_errno = failed.sys_errno, .item = failed.item - base};
}

std::size_t At(UserStep step) { return static_cast<std::size_t>(step); }

}  // namespace

Result<ProcessPlan> ProcessPlan::Build(const ProcessRequest& request) {
  const spec::Process& process = *request.process;
  CAISSON_ASSIGN(process::ExecBlock exec, process::ExecBlock::Build(process, request.extras));
  ProcessPlan plan(std::move(exec));
  CAISSON_ASSIGN(plan.terminal_, process::PlanTerminal(process));
  plan.terminal_.plain_line_ends = request.plain_line_ends;
  CAISSON_ASSIGN(plan.scheduling_, process::PlanScheduling(process, *request.linux));
  // An exec's alone, but a mistake in it is to be heard when the container is made.
  if (auto affinity = process::PlanExecAffinity(process); !affinity)
    return std::move(affinity).error();
  CAISSON_ASSIGN(plan.lsm_, security::PlanLsm(process));
  CAISSON_ASSIGN(plan.rlimits_, process::PlanRlimits(process.rlimits));
  plan.capabilities_ = security::PlanCapabilities(process.capabilities);
  for (const std::string& name : plan.capabilities_.unknown)
    plan.warnings_.push_back(StrCat("ignoring unknown capability \"", name, "\""));
  // One line for all: engines from before CVE-2022-29162 list every capability there.
  if (!plan.capabilities_.unraisable.empty())
    plan.warnings_.push_back(StrCat("can't raise ambient capability ",
                                    plan.capabilities_.unraisable,
                                    ": not in the permitted and the inheritable set"));
  CAISSON_ASSIGN(plan.identity_, process::PlanIdentity(process.user, request.set_groups));
  plan.no_new_privileges_ = process.no_new_privileges;
  if (request.linux->seccomp) {
    CAISSON_ASSIGN(plan.seccomp_, request.seccomp_cache.empty()
                                      ? security::CompileSeccomp(*request.linux->seccomp)
                                      : security::CompileSeccompCached(*request.linux->seccomp,
                                                                       request.seccomp_cache));
  }
  return plan;
}

void ProcessPlan::Fill(InitView& view) const {
  view.exec = exec_.view();
  view.terminal = terminal_;
  view.scheduling = scheduling_.empty() ? nullptr : &scheduling_;
  view.lsm = lsm_.view();
  view.rlimits = rlimits_.data();
  view.rlimit_count = rlimits_.size();
  view.capabilities = capabilities_.sets;
  view.identity = identity_;
  view.no_new_privileges = no_new_privileges_;
  if (seccomp_) view.seccomp = seccomp_->view();
}

Error ProcessPlan::Explain(const sync::Message& failed) const {
  switch (failed.phase) {
    case Phase::kConsole:
      return process::ExplainTerminal(static_cast<process::TerminalStep>(failed.item),
                                      failed.sys_errno);
    case Phase::kScheduling: return process::ExplainScheduling(scheduling_, FailureOf(failed));
    case Phase::kResolve: return exec_.ExplainResolve(failed.sys_errno);
    case Phase::kSession: return lsm_.ExplainKeyring(failed.sys_errno);
    case Phase::kLsm: return lsm_.Explain(FailureOf(failed));
    case Phase::kLimits: return process::ExplainRlimit(rlimits_, FailureOf(failed));
    case Phase::kWorkDir: return exec_.ExplainCwd(failed.sys_errno);
    case Phase::kExec: return exec_.ExplainExec(failed.sys_errno);
    case Phase::kUser:
      if (failed.item < At(UserStep::kKeep))
        return security::ExplainBounding(FailureOf(failed, At(UserStep::kBounding)));
      if (failed.item < At(UserStep::kIdentity))
        return SysError("prctl", "PR_SET_KEEPCAPS", failed.sys_errno);
      if (failed.item < At(UserStep::kCapabilities))
        return process::ExplainIdentity(identity_, FailureOf(failed, At(UserStep::kIdentity)));
      return security::ExplainCapabilities(capabilities_.sets,
                                           FailureOf(failed, At(UserStep::kCapabilities)));
    case Phase::kSeccomp:
      if (failed.item == static_cast<std::size_t>(SeccompStep::kNoNewPrivileges))
        return SysError("prctl", "PR_SET_NO_NEW_PRIVS", failed.sys_errno);
      if (failed.item == static_cast<std::size_t>(SeccompStep::kFilter) && seccomp_)
        return security::ExplainSeccomp(*seccomp_, failed.sys_errno);
      return security::ExplainCapabilities(
          capabilities_.sets,
          FailureOf(failed, static_cast<std::size_t>(SeccompStep::kCapabilities)));
    default: return SysError("container init", sync::NameOf(failed.phase), failed.sys_errno);
  }
}

}  // namespace caisson::launch
