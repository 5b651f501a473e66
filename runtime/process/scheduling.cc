// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/scheduling.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <sys/personality.h>

#include <cerrno>

namespace caisson::process {
namespace {

struct Word {
  std::string_view name;
  std::uint32_t number;
};

// SCHED_ISO is reserved by the kernel and refused with EINVAL.
constexpr Word kPolicies[] = {
    {"SCHED_OTHER", SCHED_NORMAL},     {"SCHED_FIFO", SCHED_FIFO}, {"SCHED_RR", SCHED_RR},
    {"SCHED_BATCH", SCHED_BATCH},      {"SCHED_ISO", 4},           {"SCHED_IDLE", SCHED_IDLE},
    {"SCHED_DEADLINE", SCHED_DEADLINE}};
constexpr Word kSchedFlags[] = {{"SCHED_FLAG_RESET_ON_FORK", SCHED_FLAG_RESET_ON_FORK},
                                {"SCHED_FLAG_RECLAIM", SCHED_FLAG_RECLAIM},
                                {"SCHED_FLAG_DL_OVERRUN", SCHED_FLAG_DL_OVERRUN},
                                {"SCHED_FLAG_KEEP_POLICY", SCHED_FLAG_KEEP_POLICY},
                                {"SCHED_FLAG_KEEP_PARAMS", SCHED_FLAG_KEEP_PARAMS},
                                {"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
                                {"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX}};
constexpr Word kIoClasses[] = {{"IOPRIO_CLASS_RT", IOPRIO_CLASS_RT},
                               {"IOPRIO_CLASS_BE", IOPRIO_CLASS_BE},
                               {"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE}};
constexpr std::uint32_t kWeightedInterleave = 6;  // since 6.9; an older kernel answers EINVAL
constexpr Word kMemoryModes[] = {{"MPOL_DEFAULT", MPOL_DEFAULT},
                                 {"MPOL_PREFERRED", MPOL_PREFERRED},
                                 {"MPOL_BIND", MPOL_BIND},
                                 {"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
                                 {"MPOL_LOCAL", MPOL_LOCAL},
                                 {"MPOL_PREFERRED_MANY", MPOL_PREFERRED_MANY},
                                 {"MPOL_WEIGHTED_INTERLEAVE", kWeightedInterleave}};
constexpr Word kMemoryFlags[] = {{"MPOL_F_STATIC_NODES", MPOL_F_STATIC_NODES},
                                 {"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
                                 {"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING}};

Error BadMember(std::string_view member, std::string_view what) {
  return Error(Code::kInvalidSpec, StrCat(member, ": ", what));
}

template <std::size_t N>
Result<std::uint32_t> Number(const Word (&words)[N], std::string_view member,
                             std::string_view name) {
  for (const Word& word : words) {
    if (word.name == name) return word.number;
  }
  return BadMember(member, StrCat("\"", name, "\" is unknown"));
}

Result<SchedAttr> PlanScheduler(const spec::Scheduler& scheduler) {
  SchedAttr attr;
  CAISSON_ASSIGN(attr.policy, Number(kPolicies, "process.scheduler.policy", scheduler.policy));
  for (const std::string& flag : scheduler.flags) {
    CAISSON_ASSIGN(const std::uint32_t bit, Number(kSchedFlags, "process.scheduler.flags", flag));
    attr.flags |= bit;
  }
  attr.nice = scheduler.nice.value_or(0);
  if (attr.nice < -20 || attr.nice > 19)
    return BadMember("process.scheduler.nice", StrCat(attr.nice, " is not between -20 and 19"));
  const std::int32_t priority = scheduler.priority.value_or(0);
  const bool realtime = attr.policy == SCHED_FIFO || attr.policy == SCHED_RR;
  if (priority != 0 && !realtime)
    return BadMember("process.scheduler.priority", "is only for SCHED_FIFO and SCHED_RR");
  if (priority < 0 || priority > 99)
    return BadMember("process.scheduler.priority", StrCat(priority, " is not between 0 and 99"));
  attr.priority = static_cast<std::uint32_t>(priority);
  attr.runtime_ns = scheduler.runtime_ns.value_or(0);
  attr.deadline_ns = scheduler.deadline_ns.value_or(0);
  attr.period_ns = scheduler.period_ns.value_or(0);
  const bool timed = attr.runtime_ns != 0 || attr.deadline_ns != 0 || attr.period_ns != 0;
  if (timed && attr.policy != SCHED_DEADLINE)
    return BadMember("process.scheduler",
                     "runtime, deadline and period are only for SCHED_DEADLINE");
  return attr;
}

Result<std::int32_t> PlanIoPriority(const spec::IoPriority& priority) {
  CAISSON_ASSIGN(const std::uint32_t io_class,
                 Number(kIoClasses, "process.ioPriority.class", priority.io_class));
  if (priority.priority < 0 || priority.priority > 7)
    return BadMember("process.ioPriority.priority",
                     StrCat(priority.priority, " is not between 0 and 7"));
  return static_cast<std::int32_t>(io_class << IOPRIO_CLASS_SHIFT) | priority.priority;
}

Status PlanMemoryPolicy(const spec::MemoryPolicy& policy, SchedulingPlan& plan) {
  CAISSON_ASSIGN(std::uint32_t mode, Number(kMemoryModes, "linux.memoryPolicy.mode", policy.mode));
  for (const std::string& flag : policy.flags) {
    CAISSON_ASSIGN(const std::uint32_t bit, Number(kMemoryFlags, "linux.memoryPolicy.flags", flag));
    mode |= bit;
  }
  plan.memory_mode = static_cast<std::int32_t>(mode);
  if (Trim(policy.nodes).empty()) return Ok();
  CAISSON_ASSIGN(plan.memory_nodes, ParseCpuList(policy.nodes), "linux.memoryPolicy.nodes");
  return Ok();
}

Result<std::int64_t> PlanPersonality(const spec::Personality& personality) {
  if (!personality.flags.empty())
    return BadMember("linux.personality.flags", "no flag is supported");
  if (personality.domain == "LINUX") return std::int64_t{PER_LINUX};
  if (personality.domain == "LINUX32") return std::int64_t{PER_LINUX32};
  return BadMember("linux.personality.domain", StrCat("\"", personality.domain, "\" is unknown"));
}

}  // namespace

Result<SchedulingPlan> PlanScheduling(const spec::Process& process,
                                      const spec::Linux& linux_config) {
  SchedulingPlan plan;
  if (process.scheduler) {
    CAISSON_ASSIGN(plan.scheduler, PlanScheduler(*process.scheduler));
    plan.sets_scheduler = true;
  }
  if (process.io_priority) {
    CAISSON_ASSIGN(plan.io_priority, PlanIoPriority(*process.io_priority));
  }
  if (linux_config.memory_policy) CAISSON_TRY(PlanMemoryPolicy(*linux_config.memory_policy, plan));
  if (linux_config.personality) {
    CAISSON_ASSIGN(plan.personality, PlanPersonality(*linux_config.personality));
  }
  return plan;
}

Result<ExecAffinity> PlanExecAffinity(const spec::Process& process) {
  ExecAffinity affinity;
  if (!process.exec_cpu_affinity) return affinity;
  const spec::ExecCpuAffinity& asked = *process.exec_cpu_affinity;
  if (!asked.initial.empty()) {
    CAISSON_ASSIGN(affinity.initial, ParseCpuList(asked.initial),
                   "process.execCPUAffinity.initial");
  }
  if (!asked.final.empty()) {
    CAISSON_ASSIGN(affinity.final, ParseCpuList(asked.final), "process.execCPUAffinity.final");
  }
  return affinity;
}

Error ExplainAffinity(std::string_view member, int sys_errno) {
  Error error = SysError("sched_setaffinity", "CPU list", sys_errno)
                    .Wrap(StrCat("process.execCPUAffinity.", member));
  if (sys_errno != EINVAL) return error;
  return std::move(error).Hint("name CPUs that are online and in the container's cpuset");
}

Error ExplainScheduling(const SchedulingPlan& plan, const StepFailure& failure) {
  const int err = failure.sys_errno;
  const auto privileged = [&](Error error) {
    if (err != EPERM) return error;
    return std::move(error).Hint("this takes CAP_SYS_NICE in the initial user namespace");
  };
  switch (static_cast<SchedulingStep>(failure.item)) {
    case SchedulingStep::kScheduler:
      return privileged(SysError("sched_setattr", StrCat("policy ", plan.scheduler.policy), err)
                            .Wrap("process.scheduler"));
    case SchedulingStep::kIoPriority:
      return privileged(SysError("ioprio_set", StrCat("value ", plan.io_priority), err)
                            .Wrap("process.ioPriority"));
    case SchedulingStep::kMemoryPolicy: {
      Error error = SysError("set_mempolicy", StrCat("mode ", plan.memory_mode), err)
                        .Wrap("linux.memoryPolicy");
      if (err != EINVAL) return error;
      return std::move(error).Hint("name memory nodes that exist and that the cpuset allows");
    }
    case SchedulingStep::kPersonality: break;
  }
  return SysError("personality", StrCat("domain ", plan.personality), err)
      .Wrap("linux.personality");
}

std::vector<std::string_view> MemoryPolicyModes() {
  std::vector<std::string_view> names;
  for (const Word& word : kMemoryModes) names.push_back(word.name);
  return names;
}

std::vector<std::string_view> MemoryPolicyFlags() {
  std::vector<std::string_view> names;
  for (const Word& word : kMemoryFlags) names.push_back(word.name);
  return names;
}

}  // namespace caisson::process
