// SPDX-License-Identifier: Apache-2.0
// pause, resume and update: verbs on the cgroup of a running container.
#include "runtime/base/log.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/opened.h"

namespace caisson::container {
namespace {

constexpr std::chrono::seconds kFreezeLimit{10};

}  // namespace

Status Pause(const Context& context, const std::string& id) {
  CAISSON_ASSIGN(const Opened opened, OpenContainer(context, id, Access::kChange));
  CAISSON_ASSIGN(const ContainerStatus status, StatusOf(opened));
  if (status != ContainerStatus::kRunning && status != ContainerStatus::kCreated)
    return WrongStatus(id, status, "running or created");
  CAISSON_ASSIGN(const cgroup::Manager manager, CgroupOf(opened.record));
  return manager.SetFrozen(true, Deadline::After(kFreezeLimit));
}

Status Resume(const Context& context, const std::string& id) {
  CAISSON_ASSIGN(const Opened opened, OpenContainer(context, id, Access::kChange));
  CAISSON_ASSIGN(const ContainerStatus status, StatusOf(opened));
  if (status != ContainerStatus::kPaused) return WrongStatus(id, status, "paused");
  CAISSON_ASSIGN(const cgroup::Manager manager, CgroupOf(opened.record));
  return manager.SetFrozen(false, Deadline::After(kFreezeLimit));
}

Status Update(const Context& context, const std::string& id, const spec::Resources& resources) {
  CAISSON_TRY(spec::ValidateResources(resources));
  CAISSON_ASSIGN(const Opened opened, OpenContainer(context, id, Access::kChange));
  CAISSON_ASSIGN(const ContainerStatus status, StatusOf(opened));
  if (status == ContainerStatus::kStopped || status == ContainerStatus::kCreating)
    return WrongStatus(id, status, "running");
  CAISSON_ASSIGN(const cgroup::Manager manager, CgroupOf(opened.record));
  std::vector<std::string> warnings;
  CAISSON_TRY(manager.Apply(resources, cgroup::ApplyFor::kUpdate, &warnings));
  for (const std::string& warning : warnings) Log(LogLevel::kWarning, warning, {{"id", id}});
  return Ok();
}

}  // namespace caisson::container
