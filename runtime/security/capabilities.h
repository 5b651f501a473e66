// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/child_zone.h"
#include "runtime/base/error.h"
#include "runtime/spec/process.h"

namespace caisson::security {

// The newest capability that this build has a name for, CAP_CHECKPOINT_RESTORE (Linux 5.9). Every
// kernel that Caisson supports has all of them.
inline constexpr int kLastNamedCapability = 40;

// The five sets of a process; bit n is capability n. Plain data, read by the child.
struct CapabilitySets {
  std::uint64_t bounding = 0;
  std::uint64_t effective = 0;
  std::uint64_t inheritable = 0;
  std::uint64_t permitted = 0;
  std::uint64_t ambient = 0;
  friend bool operator==(const CapabilitySets&, const CapabilitySets&) = default;
};

struct CapabilityPlan {
  CapabilitySets sets;
  std::vector<std::string> unknown;  // names that no kernel here knows
  std::string unraisable;            // "CAP_A, CAP_B": ambient, but not permitted and inheritable
};

// "CAP_NET_ADMIN" in any case, with or without the prefix; nothing for any other name.
std::optional<int> CapabilityNumber(std::string_view name);
// "CAP_NET_ADMIN"; empty for a number that has no name.
std::string_view CapabilityName(int number);
// Every name this build knows, in the kernel's order: for `features`.
std::vector<std::string_view> CapabilityNames();

// The sets of a process. Absent capabilities mean none at all. The inheritable set is what the
// configuration says and nothing more (CVE-2022-29162).
CapabilityPlan PlanCapabilities(const std::optional<spec::Capabilities>& capabilities);

// What the child could not do, in words. `item` is the number of the capability, or kSetsItem when
// it was capset(2).
inline constexpr std::size_t kSetsItem = 64;
Error ExplainBounding(const StepFailure& failure);
Error ExplainCapabilities(const CapabilitySets& sets, const StepFailure& failure);

// Child zone, in this order around the change of user:
//   DropBounding, KeepCapabilities, <setgroups, setresgid, setresuid>, ApplyCapabilities.
// When the filter must go in without no_new_privs (that takes CAP_SYS_ADMIN):
//   ApplyCapabilities(WithAdmin(sets)), LoadSeccomp, ReduceCapabilities(sets),
// so that capset(2) and execve(2) are all that a filter has to allow.

// Drops what is not in `sets.bounding`; needs CAP_SETPCAP for what is there.
StepFailure DropBounding(const CapabilitySets& sets) noexcept;
// Permitted capabilities survive the next setresuid(2). Cleared by execve(2).
int KeepCapabilities() noexcept;
// Effective, permitted and inheritable in one capset(2), then the ambient ones.
StepFailure ApplyCapabilities(const CapabilitySets& sets) noexcept;
CapabilitySets WithAdmin(CapabilitySets sets) noexcept;
// The capset(2) of ApplyCapabilities alone, after it was called with more.
StepFailure ReduceCapabilities(const CapabilitySets& sets) noexcept;

}  // namespace caisson::security
