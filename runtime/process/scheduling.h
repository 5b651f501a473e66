// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/child_zone.h"
#include "runtime/base/error.h"
#include "runtime/spec/linux.h"
#include "runtime/spec/process.h"

namespace caisson::process {

// The kernel's struct sched_attr, as far as this runtime sets it. Source: sched_setattr(2).
struct SchedAttr {
  std::uint32_t size = 48;
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};

// A set of CPUs or memory nodes; plain data, up to the kernel's largest NR_CPUS.
inline constexpr std::size_t kMaxCpus = 8192;
struct CpuSet {
  std::array<std::uint64_t, kMaxCpus / 64> words{};
  std::size_t bytes = 0;  // as many as are used, in whole words; 0: empty
  bool Has(std::size_t cpu) const {
    return cpu < kMaxCpus && (words[cpu / 64] >> (cpu % 64) & 1) != 0;
  }
};
// "0-3,7" or "0-63:2/4" is not taken: only single numbers and ranges, as in cpuset.cpus.
// Errors: kInvalidSpec quoting the part.
Result<CpuSet> ParseCpuList(std::string_view list);

// When, where and on whose memory the process runs. Plain data, read by the child.
struct SchedulingPlan {
  bool sets_scheduler = false;
  SchedAttr scheduler;
  std::int32_t io_priority = -1;  // IOPRIO_PRIO_VALUE; -1: leave
  CpuSet affinity_final;          // bytes 0: leave
  std::int32_t memory_mode = -1;  // MPOL_* with flags; -1: leave
  CpuSet memory_nodes;
  std::int64_t personality = -1;  // -1: leave
};

// Errors: kInvalidSpec naming the member; unknown policies, classes, modes and flags; nice outside
// -20..19; an io priority outside 0..7; deadline parameters with another policy.
Result<SchedulingPlan> PlanScheduling(const spec::Process& process,
                                      const spec::Linux& linux_config);

// process.execCPUAffinity.initial: for the parent of an exec, before it enters the cgroup.
Result<std::optional<CpuSet>> PlanInitialAffinity(const spec::Process& process);

enum class SchedulingStep : std::size_t {
  kScheduler,
  kIoPriority,
  kAffinity,
  kMemoryPolicy,
  kPersonality
};
Error ExplainScheduling(const SchedulingPlan& plan, const StepFailure& failure);

// Child zone. Before seccomp and before capabilities are dropped (real-time policies need
// CAP_SYS_NICE). `item` is a SchedulingStep.
StepFailure ApplyScheduling(const SchedulingPlan& plan) noexcept;
// Child zone, and the parent's: `pid` 0 is the caller. Returns errno.
int SetAffinity(pid_t pid, const CpuSet& cpus) noexcept;

}  // namespace caisson::process
