// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "runtime/base/child_zone.h"
#include "runtime/base/error.h"
#include "runtime/spec/process.h"

namespace caisson::process {

// Plain data, read by the child.
struct RlimitStep {
  int resource = 0;  // RLIMIT_*
  std::uint64_t soft = 0;
  std::uint64_t hard = 0;
};

std::optional<int> RlimitNumber(std::string_view name);  // "RLIMIT_NOFILE"
std::string_view RlimitName(int resource);

// Errors: kInvalidSpec naming the member, for unknown names, duplicates, and soft above hard.
Result<std::vector<RlimitStep>> PlanRlimits(const std::vector<spec::Rlimit>& rlimits);

Error ExplainRlimit(const std::vector<RlimitStep>& steps, const StepFailure& failure);

// Child zone, and the parent's: of `pid`, 0 for the caller itself. Raising a hard limit takes
// CAP_SYS_RESOURCE in the initial user namespace, so with a new one the parent does it.
// Source: prlimit(2).
StepFailure ApplyRlimits(pid_t pid, const RlimitStep* steps, std::size_t count) noexcept;

}  // namespace caisson::process
