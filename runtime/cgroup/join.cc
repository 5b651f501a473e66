// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/join.h"

namespace caisson::cgroup {

void JoinFiles::Add(std::string path, bool has_cpu_controller, UniqueFd file) {
  targets_.push_back({std::move(path), has_cpu_controller});
  numbers_.push_back(files_.Keep(std::move(file)));
}

JoinView JoinFiles::view() const {
  return {.files = numbers_.data(), .count = numbers_.size(), .name = name_.c_str()};
}

Error JoinFiles::Explain(const StepFailure& failure) const {
  const Target& target = targets_.at(failure.item);
  return ExplainJoin(SysError("write", target.path, failure.sys_errno), target.has_cpu_controller)
      .Wrap(StrCat("join cgroup \"", name_, "\""));
}

Error ExplainJoin(Error error, bool has_cpu_controller) {
  if (error.sys_errno() == EBUSY)
    return std::move(error).Hint(
        "choose a leaf: this cgroup hands controllers to cgroups below it");
  if (error.sys_errno() == EOPNOTSUPP)
    return std::move(error).Hint("choose a cgroup whose cgroup.type is \"domain\"");
  if (error.sys_errno() == EINVAL && has_cpu_controller)
    return std::move(error).Hint(
        "set linux.resources.cpu.realtimeRuntime: the process has a real-time policy");
  return error;
}

}  // namespace caisson::cgroup
