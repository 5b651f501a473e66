// SPDX-License-Identifier: Apache-2.0
// pause, resume and update: verbs on the cgroup of a running container.
#include "runtime/base/log.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/opened.h"
#include "runtime/container/resctrl.h"

namespace caisson::container {
namespace {

constexpr std::chrono::seconds kFreezeLimit{10};

}  // namespace

Status Pause(const Context& context, const std::string& id) {
  CAISSON_ASSIGN(const Opened opened, OpenContainer(context, id, Access::kChange));
  CAISSON_ASSIGN(const ContainerStatus status, StatusOf(opened));
  if (status != ContainerStatus::kRunning && status != ContainerStatus::kCreated)
    return WrongStatus(id, status, "running");
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

Status UpdateSchemata(const Context& context, const std::string& id,
                      const std::string& l3_cache_schema, const std::string& mem_bw_schema) {
  CAISSON_ASSIGN(const Opened opened, OpenContainer(context, id, Access::kChange));
  CAISSON_ASSIGN(const spec::Config config, ConfigOf(opened));
  if (!config.linux.intel_rdt)
    return Error(Code::kUnsupported, "Intel RDT schemata of a container without linux.intelRdt")
        .Hint("create it with linux.intelRdt in config.json");
  CAISSON_ASSIGN(std::string root, Resctrl::FindRoot());
  CAISSON_ASSIGN(const Resctrl group, Resctrl::Plan(*config.linux.intel_rdt, id, std::move(root)));
  return group.Change(l3_cache_schema, mem_bw_schema);
}

}  // namespace caisson::container
