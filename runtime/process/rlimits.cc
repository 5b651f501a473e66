// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/rlimits.h"

#include <sys/resource.h>

#include <cerrno>

namespace caisson::process {
namespace {

struct Resource {
  std::string_view name;
  int number;
};
constexpr Resource kResources[] = {
    {"RLIMIT_AS", RLIMIT_AS},
    {"RLIMIT_CORE", RLIMIT_CORE},
    {"RLIMIT_CPU", RLIMIT_CPU},
    {"RLIMIT_DATA", RLIMIT_DATA},
    {"RLIMIT_FSIZE", RLIMIT_FSIZE},
    {"RLIMIT_LOCKS", static_cast<int>(__RLIMIT_LOCKS)},
    {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
    {"RLIMIT_MSGQUEUE", static_cast<int>(__RLIMIT_MSGQUEUE)},
    {"RLIMIT_NICE", static_cast<int>(__RLIMIT_NICE)},
    {"RLIMIT_NOFILE", RLIMIT_NOFILE},
    {"RLIMIT_NPROC", RLIMIT_NPROC},
    {"RLIMIT_RSS", static_cast<int>(__RLIMIT_RSS)},
    {"RLIMIT_RTPRIO", static_cast<int>(__RLIMIT_RTPRIO)},
    {"RLIMIT_RTTIME", static_cast<int>(__RLIMIT_RTTIME)},
    {"RLIMIT_SIGPENDING", static_cast<int>(__RLIMIT_SIGPENDING)},
    {"RLIMIT_STACK", RLIMIT_STACK},
};

std::string Shown(std::uint64_t limit) {
  return limit == RLIM_INFINITY ? std::string("unlimited") : StrCat(limit);
}

}  // namespace

std::optional<int> RlimitNumber(std::string_view name) {
  for (const Resource& resource : kResources) {
    if (resource.name == name) return resource.number;
  }
  return std::nullopt;
}

std::string_view RlimitName(int number) {
  for (const Resource& resource : kResources) {
    if (resource.number == number) return resource.name;
  }
  return {};
}

Result<std::vector<RlimitStep>> PlanRlimits(const std::vector<spec::Rlimit>& rlimits) {
  std::vector<RlimitStep> steps;
  for (std::size_t i = 0; i < rlimits.size(); ++i) {
    const spec::Rlimit& limit = rlimits[i];
    const auto bad = [&](std::string_view what) {
      return Error(Code::kInvalidSpec,
                   StrCat("process.rlimits[", i, "]: \"", limit.type, "\" ", what));
    };
    const auto number = RlimitNumber(limit.type);
    if (!number) return bad("is not a resource limit");
    if (limit.soft > limit.hard)
      return bad(StrCat("has soft ", Shown(limit.soft), " above hard ", Shown(limit.hard)));
    for (const RlimitStep& step : steps) {
      if (step.resource == *number) return bad("is given twice");
    }
    steps.push_back({.resource = *number, .soft = limit.soft, .hard = limit.hard});
  }
  return steps;
}

// podman and containerd ask for more files than a restricted host has: the key word is runc's.
Error ExplainRlimit(const std::vector<RlimitStep>& steps, const StepFailure& failure) {
  // The number came from another process.
  if (failure.item >= steps.size())
    return SysError("setrlimit", StrCat("step ", failure.item), failure.sys_errno);
  const RlimitStep& step = steps[failure.item];
  Error error = SysError("setrlimit", RlimitName(step.resource), failure.sys_errno)
                    .Wrap(StrCat("process.rlimits[", failure.item, "] (soft ", Shown(step.soft),
                                 ", hard ", Shown(step.hard), ")"));
  if (failure.sys_errno != EPERM) return error;
  return std::move(error).Hint(
      "stay below the runtime's own hard limit (/proc/self/limits), or give it CAP_SYS_RESOURCE");
}

}  // namespace caisson::process
