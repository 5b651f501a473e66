// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/launch/init_view.h"
#include "runtime/process/exec_block.h"
#include "runtime/process/rlimits.h"
#include "runtime/process/scheduling.h"
#include "runtime/security/capabilities.h"
#include "runtime/security/lsm.h"
#include "runtime/security/seccomp.h"
#include "runtime/spec/config.h"
#include "runtime/sync/message.h"

namespace caisson::launch {

// What the process that is being made will be, whether it is a container's first or joins one.
struct ProcessRequest {
  const spec::Process* process = nullptr;  // must outlive the plan
  const spec::Linux* linux = nullptr;      // seccomp, personality, memory policy; the same
  process::SetGroups set_groups = process::SetGroups::kAllowed;
  process::ExecExtras extras;
  std::string seccomp_cache;     // directory; empty: no cache
  bool plain_line_ends = false;  // of the terminal, as in TerminalPlan
};

// Everything from rlimits to execve, checked and ready to apply. Thread-compatible.
class ProcessPlan {
 public:
  // Errors: kInvalidSpec and kUnsupported naming the member.
  static Result<ProcessPlan> Build(const ProcessRequest& request);

  void Fill(InitView& view) const;
  // A failure of the phases from kScheduling on, and of the keyring's label, in words.
  Error Explain(const sync::Message& failed) const;

  const std::vector<std::string>& warnings() const { return warnings_; }
  bool notifies() const { return seccomp_ && seccomp_->notifies; }
  const std::vector<process::RlimitStep>& rlimits() const { return rlimits_; }

 private:
  explicit ProcessPlan(process::ExecBlock exec) : exec_(std::move(exec)) {}
  process::ExecBlock exec_;
  process::TerminalPlan terminal_;
  process::SchedulingPlan scheduling_;
  security::LsmPlan lsm_;
  std::vector<process::RlimitStep> rlimits_;
  security::CapabilityPlan capabilities_;
  process::Identity identity_;
  bool no_new_privileges_ = false;
  std::optional<security::SeccompFilter> seccomp_;
  std::vector<std::string> warnings_;
};

}  // namespace caisson::launch
