// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/translate.h"

namespace caisson::cgroup {
namespace {

using namespace translate;  // NOLINT: the one place where the names belong

std::string BytesOrMax(std::int64_t bytes) { return bytes < 0 ? "max" : StrCat(bytes); }

// v2 counts swap alone where the spec counts memory plus swap.
Status AddSwap(const spec::MemoryResources& memory, Translation& out) {
  const bool unlimited_memory = memory.limit == -1;
  if (!IsSet(memory.swap) && !unlimited_memory) return Ok();
  std::string value = "max";
  if (IsSet(memory.swap) && *memory.swap > 0) {
    if (!memory.limit || *memory.limit <= 0)
      return Error(Code::kInvalidSpec,
                   StrCat(kMemorySwap, ": counts memory plus swap, so it needs a memory limit"))
          .Hint("set linux.resources.memory.limit too");
    value = StrCat(*memory.swap - *memory.limit);
  }
  // Without swap accounting there is no file, and nothing to lift or to forbid.
  const bool is_default = value == "max" || value == "0";
  out.writes.push_back({.file = "memory.swap.max",
                        .value = std::move(value),
                        .field = IsSet(memory.swap) ? kMemorySwap : kMemoryLimit,
                        .optional = is_default});
  return Ok();
}

Status AddMemory(const spec::MemoryResources& memory, Translation& out) {
  CAISSON_TRY(CheckMemory(memory));
  CAISSON_TRY(AddSwap(memory, out));
  if (IsSet(memory.limit))
    out.writes.push_back({"memory.max", BytesOrMax(*memory.limit), kMemoryLimit});
  if (IsSet(memory.reservation))
    out.writes.push_back({"memory.low", BytesOrMax(*memory.reservation), kMemoryReservation});
  const auto leave_out = [&](bool asked, const char* field) {
    if (asked) out.warnings.push_back(StrCat(field, ": left out, cgroup v2 has nothing like it"));
  };
  leave_out(IsSet(memory.kernel), kMemoryKernel);
  leave_out(IsSet(memory.kernel_tcp), kMemoryKernelTcp);
  leave_out(memory.swappiness.has_value(), kMemorySwappiness);
  leave_out(memory.disable_oom_killer.value_or(false), kMemoryOomKiller);
  leave_out(memory.use_hierarchy && !*memory.use_hierarchy, kMemoryHierarchy);
  return Ok();
}

Status AddCpu(const spec::CpuResources& cpu, Translation& out) {
  CAISSON_TRY(CheckCpu(cpu));
  if (IsSet(cpu.shares) && cpu.idle != 1)
    out.writes.push_back({"cpu.weight", StrCat(WeightFromShares(*cpu.shares)), kCpuShares});
  const bool has_quota = IsSet(cpu.quota_us);
  const bool has_period = IsSet(cpu.period_us);
  if (has_quota || has_period) {
    // One word leaves the period as it is.
    std::string value = has_quota && *cpu.quota_us > 0 ? StrCat(*cpu.quota_us) : "max";
    if (has_period) value += StrCat(" ", *cpu.period_us);
    out.writes.push_back({"cpu.max", std::move(value), has_quota ? kCpuQuota : kCpuPeriod});
  }
  if (cpu.burst_us) out.writes.push_back({"cpu.max.burst", StrCat(*cpu.burst_us), kCpuBurst});
  if (cpu.idle) out.writes.push_back({"cpu.idle", StrCat(*cpu.idle), kCpuIdle});
  if (IsSet(cpu.realtime_runtime_us) || IsSet(cpu.realtime_period_us))
    out.warnings.push_back(StrCat(IsSet(cpu.realtime_runtime_us) ? kCpuRtRuntime : kCpuRtPeriod,
                                  ": left out, cgroup v2 has nothing like it"));
  return Ok();
}

// 10..1000 to 1..10000, linear, as other runtimes do.
std::uint64_t IoWeight(std::uint16_t weight) { return 1 + (weight - 10u) * 9999u / 990u; }

FileWrite Weight(const std::string& prefix, std::uint16_t weight, std::string field) {
  return {.file = "io.bfq.weight",
          .value = StrCat(prefix, weight),
          .field = std::move(field),
          .other_file = "io.weight",
          .other_value = StrCat(prefix, IoWeight(weight))};
}

Status AddBlockIo(const spec::BlockIoResources& io, Translation& out) {
  const std::string weight_field = StrCat(kBlockIo, ".weight");
  CAISSON_TRY(CheckWeight(weight_field, io.weight));
  if (IsSet(io.weight)) out.writes.push_back(Weight("", *io.weight, weight_field));
  bool has_leaf = IsSet(io.leaf_weight);
  for (std::size_t i = 0; i < io.weight_device.size(); ++i) {
    const spec::WeightDevice& device = io.weight_device[i];
    const std::string field = StrCat(kBlockIo, ".weightDevice[", i, "].weight");
    CAISSON_TRY(CheckWeight(field, device.weight));
    if (IsSet(device.weight))
      out.writes.push_back(Weight(DevicePrefix(device.major, device.minor), *device.weight, field));
    has_leaf = has_leaf || IsSet(device.leaf_weight);
  }
  if (has_leaf)
    out.warnings.push_back(
        StrCat(kBlockIo, ".leafWeight: left out, cgroup v2 has nothing like it"));
  const std::tuple<const std::vector<spec::ThrottleDevice>*, const char*, const char*> throttles[] =
      {{&io.throttle_read_bps_device, "rbps=", "throttleReadBpsDevice"},
       {&io.throttle_write_bps_device, "wbps=", "throttleWriteBpsDevice"},
       {&io.throttle_read_iops_device, "riops=", "throttleReadIOPSDevice"},
       {&io.throttle_write_iops_device, "wiops=", "throttleWriteIOPSDevice"}};
  for (const auto& [devices, key, name] : throttles) {
    for (std::size_t i = 0; i < devices->size(); ++i) {
      const spec::ThrottleDevice& device = (*devices)[i];
      // A rate of 0 takes a limit away on v1, where v2 says "max".
      out.writes.push_back({"io.max",
                            StrCat(DevicePrefix(device.major, device.minor), key,
                                   device.rate == 0 ? "max" : StrCat(device.rate)),
                            StrCat(kBlockIo, ".", name, "[", i, "]")});
    }
  }
  return Ok();
}

Status RefuseNetwork(const spec::NetworkResources& network) {
  const bool has_class = IsSet(network.class_id);
  if (!has_class && network.priorities.empty()) return Ok();
  return Error(Code::kUnsupported,
               StrCat(has_class ? kClassId : kPriorities, ": cgroup v2 has nothing like it"))
      .Hint("mark packets by nftables' \"socket cgroupv2\" instead");
}

// Files by name, last, so that they have the last word. Those that move or end processes are no
// resources.
Status AddUnified(const spec::StringMap& unified, Translation& out) {
  static constexpr std::string_view kNoResources[] = {"cgroup.procs", "cgroup.threads",
                                                      "cgroup.kill",  "cgroup.freeze",
                                                      "cgroup.type",  "cgroup.subtree_control"};
  for (const auto& [file, value] : unified) {
    const std::string field = StrCat(kUnified, ".", file);
    const bool is_name = file.find('/') == file.npos && file.find('.') != file.npos &&
                         file.find('\0') == file.npos && file.front() != '.';
    if (!is_name) return Invalid(field, "must be the name of a cgroup file, as \"memory.high\"");
    for (const auto refused : kNoResources) {
      if (file == refused) return Invalid(field, "is not a resource");
    }
    out.writes.push_back({file, value, field});
  }
  return Ok();
}

}  // namespace

Result<Translation> TranslateV2(const spec::Resources& resources) {
  Translation out;
  if (resources.cpu) {
    AddCpuset(*resources.cpu, out);
    CAISSON_TRY(AddCpu(*resources.cpu, out));
  }
  if (resources.memory) CAISSON_TRY(AddMemory(*resources.memory, out));
  if (resources.pids) AddPids(*resources.pids, out);
  if (resources.block_io) CAISSON_TRY(AddBlockIo(*resources.block_io, out));
  CAISSON_TRY(AddHugepages(resources.hugepage_limits, "max", out));
  if (resources.network) CAISSON_TRY(RefuseNetwork(*resources.network));
  CAISSON_TRY(AddRdma(resources, out));
  CAISSON_TRY(AddUnified(resources.unified, out));
  return out;
}

}  // namespace caisson::cgroup
