// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/split.h"

#include <string_view>

namespace caisson::cgroup {

std::pair<spec::Resources, spec::Resources> SplitByVersion(const spec::Resources& resources,
                                                           const Record& record) {
  spec::Resources v1;
  spec::Resources v2;
  const bool has_v2 = record.V2() != nullptr;
  const bool has_v1 = !record.directories.empty() && record.directories.size() > (has_v2 ? 1u : 0u);
  const auto side = [&](std::string_view v1_name) -> spec::Resources& {
    return has_v2 && record.FindV1(v1_name) == nullptr ? v2 : v1;
  };
  side("memory").memory = resources.memory;
  side("pids").pids = resources.pids;
  side("blkio").block_io = resources.block_io;
  side("hugetlb").hugepage_limits = resources.hugepage_limits;
  side("rdma").rdma = resources.rdma;
  (has_v1 || !has_v2 ? v1 : v2).network = resources.network;
  for (const auto& [file, value] : resources.unified)
    side(file.substr(0, file.find('.'))).unified.emplace(file, value);
  if (resources.cpu) {
    spec::CpuResources time = *resources.cpu;
    spec::CpuResources sets;
    sets.cpus.swap(time.cpus);
    sets.mems.swap(time.mems);
    side("cpu").cpu = std::move(time);
    auto& other = side("cpuset").cpu;
    if (!other) other.emplace();
    other->cpus = std::move(sets.cpus);
    other->mems = std::move(sets.mems);
  }
  return {std::move(v1), std::move(v2)};
}

}  // namespace caisson::cgroup
