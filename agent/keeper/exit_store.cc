// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/exit_store.h"

#include "agent/keeper_client/keeper_config.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/placement.h"
#include "runtime/cgroup/stats_reader.h"

namespace caisson::keeper {

Status SaveExit(const std::string& pod_data_dir, const keeper_client::ExitRecord& record) {
  const std::string folder = StrCat(pod_data_dir, "/", keeper_client::kExitsName);
  CAISSON_TRY(MakeDirs(folder, 0700));
  CAISSON_ASSIGN(const UniqueFd dir, OpenAt(kCwd, folder, O_PATH | O_DIRECTORY));
  return AtomicWriteAt(dir, StrCat(record.container_id, ".json"), keeper_client::ToJson(record),
                       0600, Durability::kPowerLoss);
}

bool SawOomKill(const std::string& cgroup_root, const std::string& cgroup_path) {
  const auto read = [&]() -> Result<bool> {
    CAISSON_ASSIGN(const cgroup::Layout layout, cgroup::Layout::Detect(cgroup_root));
    CAISSON_ASSIGN(const cgroup::Record record,
                   cgroup::Place(layout, cgroup::Request{.cgroups_path = cgroup_path}));
    CAISSON_ASSIGN(cgroup::StatsReader reader, cgroup::StatsReader::Open(record));
    CAISSON_ASSIGN(const cgroup::Stats stats, reader.Read(cgroup::kMemoryEvents));
    return stats.memory.oom_kills.value_or(0) > 0;
  };
  const Result<bool> seen = read();
  return seen && *seen;  // no memory controller: nobody could have been killed by its limit
}

}  // namespace caisson::keeper
