// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <set>

#include "runtime/spec/checks.h"

namespace caisson::spec {
namespace {

constexpr std::array<std::string_view, 16> kRlimits = {
    "RLIMIT_AS",     "RLIMIT_CORE",   "RLIMIT_CPU",        "RLIMIT_DATA",
    "RLIMIT_FSIZE",  "RLIMIT_LOCKS",  "RLIMIT_MEMLOCK",    "RLIMIT_MSGQUEUE",
    "RLIMIT_NICE",   "RLIMIT_NOFILE", "RLIMIT_NPROC",      "RLIMIT_RSS",
    "RLIMIT_RTPRIO", "RLIMIT_RTTIME", "RLIMIT_SIGPENDING", "RLIMIT_STACK"};

constexpr std::array<std::string_view, 7> kPolicies = {"SCHED_OTHER",   "SCHED_FIFO", "SCHED_RR",
                                                       "SCHED_BATCH",   "SCHED_ISO",  "SCHED_IDLE",
                                                       "SCHED_DEADLINE"};
constexpr std::array<std::string_view, 7> kSchedulerFlags = {
    "SCHED_FLAG_RESET_ON_FORK", "SCHED_FLAG_RECLAIM",     "SCHED_FLAG_DL_OVERRUN",
    "SCHED_FLAG_KEEP_POLICY",   "SCHED_FLAG_KEEP_PARAMS", "SCHED_FLAG_UTIL_CLAMP_MIN",
    "SCHED_FLAG_UTIL_CLAMP_MAX"};
constexpr std::array<std::string_view, 3> kIoClasses = {"IOPRIO_CLASS_RT", "IOPRIO_CLASS_BE",
                                                        "IOPRIO_CLASS_IDLE"};

Status CheckRlimits(const std::vector<Rlimit>& rlimits) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < rlimits.size(); ++i) {
    const Rlimit& limit = rlimits[i];
    const std::string field = StrCat("process.rlimits[", i, "]");
    CAISSON_TRY(CheckOneOf(StrCat(field, ".type"), limit.type, kRlimits));
    if (!seen.insert(limit.type).second)
      return Invalid(field, ".type: \"", limit.type, "\" is given twice");
    if (limit.soft > limit.hard)
      return Invalid(field, ".soft: ", limit.soft, " is above the hard limit ", limit.hard);
  }
  return Ok();
}

// Which attributes go with which policy. Source: sched_setattr(2); sched(7).
Status CheckScheduler(const Scheduler& scheduler) {
  const std::string_view policy = scheduler.policy;
  CAISSON_TRY(CheckOneOf("process.scheduler.policy", policy, kPolicies));
  for (const std::string& flag : scheduler.flags)
    CAISSON_TRY(CheckOneOf("process.scheduler.flags", flag, kSchedulerFlags));
  const std::int32_t nice = scheduler.nice.value_or(0);
  if (nice < -20 || nice > 19)
    return Invalid("process.scheduler.nice: ", nice, " is not between -20 and 19");
  const bool realtime = policy == "SCHED_FIFO" || policy == "SCHED_RR";
  if (scheduler.priority.value_or(0) != 0 && !realtime)
    return Invalid("process.scheduler.priority: only SCHED_FIFO and SCHED_RR have one, not ",
                   policy);
  const bool has_deadline = scheduler.runtime_ns.value_or(0) != 0 ||
                            scheduler.deadline_ns.value_or(0) != 0 ||
                            scheduler.period_ns.value_or(0) != 0;
  if (has_deadline && policy != "SCHED_DEADLINE")
    return Invalid(
        "process.scheduler: runtime, deadline and period are only for SCHED_DEADLINE, not ",
        policy);
  return Ok();
}

Status CheckEnv(const std::vector<std::string>& env) {
  for (std::size_t i = 0; i < env.size(); ++i) {
    const auto equals = env[i].find('=');
    if (equals == std::string::npos || equals == 0)
      return Invalid("process.env[", i, "]: \"", env[i], "\" is not of the form NAME=value");
  }
  return Ok();
}

}  // namespace

Status ValidateProcess(const Process& process) {
  if (process.cwd.empty()) return Invalid("process.cwd: is empty");
  if (process.cwd[0] != '/')
    return Invalid("process.cwd: \"", process.cwd, "\" is not an absolute path");
  if (process.args.empty()) return Invalid("process.args: must name at least the program");
  if (process.args[0].empty()) return Invalid("process.args[0]: is empty");
  CAISSON_TRY(CheckEnv(process.env));
  if (process.user.umask.value_or(0) > 0777)
    return Invalid("process.user.umask: ", *process.user.umask, " is above 0777 (511)");
  CAISSON_TRY(CheckRlimits(process.rlimits));
  if (process.oom_score_adj && (*process.oom_score_adj < -1000 || *process.oom_score_adj > 1000))
    return Invalid("process.oomScoreAdj: ", *process.oom_score_adj,
                   " is not between -1000 and 1000");
  if (process.scheduler) CAISSON_TRY(CheckScheduler(*process.scheduler));
  if (process.io_priority) {
    CAISSON_TRY(CheckOneOf("process.ioPriority.class", process.io_priority->io_class, kIoClasses));
    const std::int32_t priority = process.io_priority->priority;
    if (priority < 0 || priority > 7)
      return Invalid("process.ioPriority.priority: ", priority, " is not between 0 and 7");
  }
  return Ok();
}

}  // namespace caisson::spec
