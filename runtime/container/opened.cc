// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/opened.h"

#include <algorithm>

namespace caisson::container {

Result<Opened> OpenContainer(const Context& context, const std::string& id, Access access) {
  CAISSON_ASSIGN(state::Directory directory, state::Directory::Open(context.root, id));
  if (access == Access::kChange) CAISSON_TRY(directory.Lock(Deadline::After(kLockWait)));
  CAISSON_ASSIGN(state::Record record, directory.ReadRecord());
  return Opened{std::move(directory), std::move(record)};
}

Result<ContainerStatus> StatusOf(const Opened& opened) {
  return state::DeriveStatus(opened.directory, opened.record, [&]() -> Result<bool> {
    CAISSON_ASSIGN(const cgroup::Manager manager, CgroupOf(opened.record));
    auto frozen = manager.IsFrozen();
    // A host without a freezer cannot have paused it.
    if (!frozen && frozen.error().code() == Code::kUnsupported) return false;
    return frozen;
  });
}

Result<cgroup::Manager> CgroupOf(const state::Record& record) {
  if (record.cgroup.empty()) return cgroup::Manager(cgroup::Record{});
  CAISSON_ASSIGN(cgroup::Record parsed, cgroup::ParseRecord(record.cgroup), "container \"",
                 record.id, "\": state.json: cgroup");
  return cgroup::Manager(std::move(parsed));
}

Result<Pidfd> OpenInit(const state::Record& record) {
  if (record.init_pid <= 0) return NotRunning(record.id);
  auto init = Pidfd::Open(record.init_pid);
  if (!init) return NotRunning(record.id);
  // The pidfd is open, so the pid cannot change hands between this look and the use of it.
  CAISSON_ASSIGN(const bool alive, state::InitIsAlive(record));
  if (!alive) return NotRunning(record.id);
  return init;
}

Result<spec::Config> ConfigOf(const Opened& opened) {
  CAISSON_ASSIGN(const std::string json, opened.directory.ReadConfig());
  CAISSON_ASSIGN(spec::Config config, spec::ParseConfig(json), "container \"", opened.record.id,
                 "\": kept configuration");
  return config;
}

Error WrongStatus(const std::string& id, ContainerStatus status, std::string_view needed) {
  return Error(Code::kWrongState,
               StrCat("container not ", needed, ": \"", id, "\" is ", state::NameOf(status)));
}

Error NotRunning(const std::string& id) {
  return Error(Code::kWrongState, StrCat("container not running: \"", id, "\""), ESRCH);
}

bool HasOwnPidNamespace(const state::Record& record) {
  return std::any_of(record.namespaces.begin(), record.namespaces.end(), [](const auto& entry) {
    return entry.type == spec::NamespaceType::kPid && entry.path.empty();
  });
}

}  // namespace caisson::container
