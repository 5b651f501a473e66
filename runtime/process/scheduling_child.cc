// SPDX-License-Identifier: Apache-2.0
#include <linux/ioprio.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/process/scheduling.h"

namespace caisson::process {

StepFailure ApplyScheduling(const SchedulingPlan& plan) noexcept {
  const auto failed = [](SchedulingStep step) {
    return StepFailure{errno, static_cast<std::size_t>(step)};
  };
  if (plan.sets_scheduler && ::syscall(SYS_sched_setattr, 0, &plan.scheduler, 0) != 0)
    return failed(SchedulingStep::kScheduler);
  if (plan.io_priority >= 0 &&
      ::syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, plan.io_priority) != 0)
    return failed(SchedulingStep::kIoPriority);
  if (plan.memory_mode >= 0) {
    const bool has_nodes = plan.memory_nodes.bytes != 0;
    // The kernel counts one bit less than it is told. Source: set_mempolicy(2), "maxnode".
    const unsigned long bits = has_nodes ? plan.memory_nodes.bytes * 8 + 1 : 0;
    if (::syscall(SYS_set_mempolicy, plan.memory_mode,
                  has_nodes ? plan.memory_nodes.words.data() : nullptr, bits) != 0)
      return failed(SchedulingStep::kMemoryPolicy);
  }
  if (plan.personality >= 0 && ::personality(static_cast<unsigned long>(plan.personality)) < 0)
    return failed(SchedulingStep::kPersonality);
  return {};
}

void ResetAffinity() noexcept {
  static constexpr auto kAll = [] {
    std::array<std::uint64_t, kMaxCpus / 64> words{};
    for (std::uint64_t& word : words) word = ~std::uint64_t{0};
    return words;
  }();
  (void)::syscall(SYS_sched_setaffinity, 0, sizeof kAll, kAll.data());
}

int SetAffinity(pid_t pid, const CpuSet& cpus) noexcept {
  if (cpus.bytes == 0) return 0;
  return ::syscall(SYS_sched_setaffinity, pid, cpus.bytes, cpus.words.data()) < 0 ? errno : 0;
}

}  // namespace caisson::process
