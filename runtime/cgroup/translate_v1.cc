// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "runtime/cgroup/translate.h"

namespace caisson::cgroup {
namespace {

using namespace translate;  // NOLINT: the one place where the names belong

// The order on a new cgroup: limit below the memsw that is still unlimited, then memsw.
Status AddMemory(const spec::MemoryResources& memory, Translation& out) {
  CAISSON_TRY(CheckMemory(memory));
  const auto add = [&](const char* file, const std::optional<std::int64_t>& value,
                       const char* field) {
    if (IsSet(value)) out.writes.push_back({file, StrCat(*value), field});
  };
  add("memory.limit_in_bytes", memory.limit, kMemoryLimit);
  if (IsSet(memory.swap)) {
    // A kernel without swap accounting has no file for it, nor anything to lift.
    out.writes.push_back({.file = "memory.memsw.limit_in_bytes",
                          .value = StrCat(*memory.swap),
                          .field = kMemorySwap,
                          .optional = *memory.swap == -1 || memory.swap == memory.limit});
  } else if (memory.limit == -1) {
    // Lifting the limit of a container lifts that of memory plus swap, which could be no lower.
    out.writes.push_back({.file = "memory.memsw.limit_in_bytes",
                          .value = "-1",
                          .field = kMemoryLimit,
                          .optional = true});
  }
  add("memory.soft_limit_in_bytes", memory.reservation, kMemoryReservation);
  add("memory.kmem.tcp.limit_in_bytes", memory.kernel_tcp, kMemoryKernelTcp);
  if (memory.swappiness)
    out.writes.push_back({"memory.swappiness", StrCat(*memory.swappiness), kMemorySwappiness});
  if (memory.disable_oom_killer)
    out.writes.push_back({.file = "memory.oom_control",
                          .value = *memory.disable_oom_killer ? "1" : "0",
                          .field = kMemoryOomKiller,
                          .optional = !*memory.disable_oom_killer});
  if (IsSet(memory.kernel))
    out.warnings.push_back(StrCat(kMemoryKernel, ": left out, the kernel ignores it since 5.16"));
  if (memory.use_hierarchy && !*memory.use_hierarchy)
    out.warnings.push_back(
        StrCat(kMemoryHierarchy, ": left out, the kernel always accounts by hierarchy since 5.11"));
  return Ok();
}

// Real time first: it must be there before a process that needs it. `idle` after `shares`, which an
// idle group refuses.
Status AddCpu(const spec::CpuResources& cpu, Translation& out) {
  CAISSON_TRY(CheckCpu(cpu));
  const auto add = [&](const char* file, auto value, const char* field) {
    out.writes.push_back({file, StrCat(value), field});
  };
  if (IsSet(cpu.realtime_period_us)) add("cpu.rt_period_us", *cpu.realtime_period_us, kCpuRtPeriod);
  if (IsSet(cpu.realtime_runtime_us))
    add("cpu.rt_runtime_us", *cpu.realtime_runtime_us, kCpuRtRuntime);
  if (IsSet(cpu.shares)) add("cpu.shares", *cpu.shares, kCpuShares);
  if (IsSet(cpu.period_us)) add("cpu.cfs_period_us", *cpu.period_us, kCpuPeriod);
  if (IsSet(cpu.quota_us))
    add("cpu.cfs_quota_us", std::max<std::int64_t>(*cpu.quota_us, -1), kCpuQuota);
  if (cpu.burst_us) add("cpu.cfs_burst_us", *cpu.burst_us, kCpuBurst);
  if (cpu.idle) add("cpu.idle", *cpu.idle, kCpuIdle);
  return Ok();
}

// The weight of whichever scheduler the kernel has: BFQ's, else CFQ's (gone in 5.0).
FileWrite Weight(const char* bfq_file, const char* cfq_file, const std::string& value,
                 std::string field) {
  return {.file = bfq_file,
          .value = value,
          .field = std::move(field),
          .other_file = cfq_file,
          .other_value = value};
}

Status AddBlockIo(const spec::BlockIoResources& io, Translation& out) {
  const std::string weight_field = StrCat(kBlockIo, ".weight");
  const std::string leaf_field = StrCat(kBlockIo, ".leafWeight");
  CAISSON_TRY(CheckWeight(weight_field, io.weight));
  CAISSON_TRY(CheckWeight(leaf_field, io.leaf_weight));
  if (IsSet(io.weight))
    out.writes.push_back(
        Weight("blkio.bfq.weight", "blkio.weight", StrCat(*io.weight), weight_field));
  if (IsSet(io.leaf_weight))
    out.writes.push_back({"blkio.leaf_weight", StrCat(*io.leaf_weight), leaf_field});
  for (std::size_t i = 0; i < io.weight_device.size(); ++i) {
    const spec::WeightDevice& device = io.weight_device[i];
    const std::string field = StrCat(kBlockIo, ".weightDevice[", i, "]");
    CAISSON_TRY(CheckWeight(StrCat(field, ".weight"), device.weight));
    CAISSON_TRY(CheckWeight(StrCat(field, ".leafWeight"), device.leaf_weight));
    const std::string prefix = DevicePrefix(device.major, device.minor);
    if (IsSet(device.weight))
      out.writes.push_back(Weight("blkio.bfq.weight_device", "blkio.weight_device",
                                  StrCat(prefix, *device.weight), StrCat(field, ".weight")));
    if (IsSet(device.leaf_weight))
      out.writes.push_back({"blkio.leaf_weight_device", StrCat(prefix, *device.leaf_weight),
                            StrCat(field, ".leafWeight")});
  }
  const std::tuple<const std::vector<spec::ThrottleDevice>*, const char*, const char*> throttles[] =
      {{&io.throttle_read_bps_device, "blkio.throttle.read_bps_device", "throttleReadBpsDevice"},
       {&io.throttle_write_bps_device, "blkio.throttle.write_bps_device", "throttleWriteBpsDevice"},
       {&io.throttle_read_iops_device, "blkio.throttle.read_iops_device", "throttleReadIOPSDevice"},
       {&io.throttle_write_iops_device, "blkio.throttle.write_iops_device",
        "throttleWriteIOPSDevice"}};
  for (const auto& [devices, file, name] : throttles) {
    for (std::size_t i = 0; i < devices->size(); ++i) {
      const spec::ThrottleDevice& device = (*devices)[i];
      out.writes.push_back({file, StrCat(DevicePrefix(device.major, device.minor), device.rate),
                            StrCat(kBlockIo, ".", name, "[", i, "]")});
    }
  }
  return Ok();
}

Status AddNetwork(const spec::NetworkResources& network, Translation& out) {
  if (IsSet(network.class_id))
    out.writes.push_back({"net_cls.classid", StrCat(*network.class_id), kClassId});
  for (std::size_t i = 0; i < network.priorities.size(); ++i) {
    const spec::NetworkPriority& priority = network.priorities[i];
    const std::string field = StrCat(kPriorities, "[", i, "]");
    if (priority.name.empty() || priority.name.find_first_of(" \t\n") != priority.name.npos)
      return Invalid(StrCat(field, ".name"), "an interface's name has no spaces");
    out.writes.push_back(
        {"net_prio.ifpriomap", StrCat(priority.name, " ", priority.priority), field});
  }
  return Ok();
}

}  // namespace

Result<Translation> TranslateV1(const spec::Resources& resources) {
  Translation out;
  if (!resources.unified.empty())
    return Error(Code::kUnsupported, StrCat(kUnified, ".", resources.unified.begin()->first,
                                            ": invalid configuration: this host has cgroup v1"))
        .Hint("use the other members of linux.resources, or boot with cgroup v2 alone");
  if (resources.cpu) {
    AddCpuset(*resources.cpu, out);
    CAISSON_TRY(AddCpu(*resources.cpu, out));
  }
  if (resources.memory) CAISSON_TRY(AddMemory(*resources.memory, out));
  if (resources.pids) AddPids(*resources.pids, out);
  if (resources.block_io) CAISSON_TRY(AddBlockIo(*resources.block_io, out));
  CAISSON_TRY(AddHugepages(resources.hugepage_limits, "limit_in_bytes", out));
  if (resources.network) CAISSON_TRY(AddNetwork(*resources.network, out));
  CAISSON_TRY(AddRdma(resources, out));
  return out;
}

}  // namespace caisson::cgroup
