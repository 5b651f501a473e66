// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/child_zone.h"
#include "runtime/base/error.h"
#include "runtime/spec/linux.h"
#include "runtime/spec/process.h"

namespace caisson::process {

// The kernel's struct sched_attr, as far as this runtime sets it. Source: sched_setattr(2).
struct SchedAttr {
  std::uint32_t size = 56;
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
  // What SCHED_FLAG_UTIL_CLAMP_* set; the specification has no member for them. Since 5.3.
  std::uint32_t util_min = 0;
  std::uint32_t util_max = 0;
};
static_assert(sizeof(SchedAttr) == 56);

// A set of CPUs or memory nodes; plain data, up to the kernel's largest NR_CPUS.
inline constexpr std::size_t kMaxCpus = 8192;
struct CpuSet {
  std::array<std::uint64_t, kMaxCpus / 64> words{};
  std::size_t bytes = 0;  // as many as are used, in whole words; 0: no set
  bool Has(std::size_t cpu) const {
    return cpu < kMaxCpus && (words[cpu / 64] >> (cpu % 64) & 1) != 0;
  }
};
// Single numbers and ranges with commas between them, as in cpuset.cpus: "0-3,7".
// Errors: kInvalidSpec quoting the part that is wrong.
Result<CpuSet> ParseCpuList(std::string_view list);
// "0x1f", as taskset(1) prints it.
std::string MaskText(const CpuSet& cpus);

// When and on whose memory the process runs. Plain data, read by the child.
struct SchedulingPlan {
  bool sets_scheduler = false;
  SchedAttr scheduler;
  std::int32_t io_priority = -1;  // IOPRIO_PRIO_VALUE; -1: leave
  std::int32_t memory_mode = -1;  // MPOL_* with flags; -1: leave
  CpuSet memory_nodes;
  std::int64_t personality = -1;  // -1: leave
  bool empty() const {
    return !sets_scheduler && io_priority < 0 && memory_mode < 0 && personality < 0;
  }
};

// Errors: kInvalidSpec naming the member: unknown policies, classes, modes and flags; nice outside
// -20..19; an io priority outside 0..7; deadline parameters with another policy.
Result<SchedulingPlan> PlanScheduling(const spec::Process& process,
                                      const spec::Linux& linux_config);

// For an exec only: where it runs before it enters the container's cgroup, and after.
struct ExecAffinity {
  CpuSet initial;
  CpuSet final;
};
Result<ExecAffinity> PlanExecAffinity(const spec::Process& process);
// `member` is "initial" or "final".
Error ExplainAffinity(std::string_view member, int sys_errno);

// The names that a memory policy may use, for `features`.
std::vector<std::string_view> MemoryPolicyModes();
std::vector<std::string_view> MemoryPolicyFlags();

enum class SchedulingStep : std::size_t { kScheduler, kIoPriority, kMemoryPolicy, kPersonality };
Error ExplainScheduling(const SchedulingPlan& plan, const StepFailure& failure);

// Child zone. Before seccomp and before capabilities are dropped (real-time policies need
// CAP_SYS_NICE). `item` is a SchedulingStep.
StepFailure ApplyScheduling(const SchedulingPlan& plan) noexcept;
// Child zone. Lets this process run on every CPU that its cpuset has, whatever the caller is bound
// to. The kernel keeps the wish through a later move to another cpuset (since 6.2; below it, the
// move itself sets the affinity). Best effort.
void ResetAffinity() noexcept;
// Child zone, and the parent's: `pid` 0 is the caller; nothing to do for no set. Returns errno.
int SetAffinity(pid_t pid, const CpuSet& cpus) noexcept;

}  // namespace caisson::process
