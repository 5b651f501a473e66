// SPDX-License-Identifier: Apache-2.0
// state, list, ps and stats: verbs that only look.
#include "runtime/base/log.h"
#include "runtime/base/trace.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/opened.h"

namespace caisson::container {
namespace {

Result<ContainerState> Describe(const Opened& opened) {
  CAISSON_ASSIGN(const ContainerStatus status, StatusOf(opened));
  const state::Record& record = opened.record;
  return ContainerState{
      .id = record.id,
      .status = status,
      .pid = status == ContainerStatus::kStopped ? 0 : record.init_pid,
      .bundle = record.bundle,
      .rootfs = record.rootfs,
      .created = record.created,
      .owner_uid = record.owner_uid,
      .annotations = record.annotations,
  };
}

}  // namespace

Result<ContainerState> State(const Context& context, const std::string& id) {
  CAISSON_ASSIGN(const Opened opened, OpenContainer(context, id, Access::kRead));
  return Describe(opened);
}

Result<std::vector<ContainerState>> List(const Context& context) {
  CAISSON_ASSIGN(const auto ids, state::ListIds(context.root));
  std::vector<ContainerState> states;
  for (const std::string& id : ids) {
    auto described = State(context, id);
    if (described) {
      states.push_back(std::move(described).value());
    } else if (state::Directory::Open(context.root, id)) {
      // Not one that another command has deleted meanwhile.
      Log(LogLevel::kWarning, StrCat("left out: ", described.error().ToString()));
    }
  }
  return states;
}

Result<std::vector<pid_t>> Ps(const Context& context, const std::string& id) {
  CAISSON_ASSIGN(const Opened opened, OpenContainer(context, id, Access::kRead));
  CAISSON_ASSIGN(const cgroup::Manager manager, CgroupOf(opened.record));
  return manager.Processes();
}

Result<cgroup::Stats> Stats(const Context& context, const std::string& id) {
  CAISSON_ASSIGN(const Opened opened, OpenContainer(context, id, Access::kRead));
  CAISSON_ASSIGN(const ContainerStatus status, StatusOf(opened));
  if (status == ContainerStatus::kStopped || status == ContainerStatus::kCreating)
    return NotRunning(id);
  CAISSON_ASSIGN(const cgroup::Manager manager, CgroupOf(opened.record));
  return manager.ReadStats();
}

Result<cgroup::OomWatch> WatchOom(const Context& context, const std::string& id) {
  CAISSON_ASSIGN(const Opened opened, OpenContainer(context, id, Access::kRead));
  CAISSON_ASSIGN(const cgroup::Manager manager, CgroupOf(opened.record));
  CAISSON_ASSIGN(cgroup::OomWatch watch, cgroup::OomWatch::Open(manager.record()));
  CAISSON_TRACE(cgroup_monitor, manager.record().path);
  return watch;
}

Result<Pidfd> Init(const Context& context, const std::string& id) {
  CAISSON_ASSIGN(const Opened opened, OpenContainer(context, id, Access::kRead));
  return OpenInit(opened.record);
}

}  // namespace caisson::container
