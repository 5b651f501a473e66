// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "runtime/cgroup/file_write.h"

// What the translations to v1 and to v2 have in common. For this room only.
namespace caisson::cgroup::translate {

inline constexpr char kMemoryLimit[] = "linux.resources.memory.limit";
inline constexpr char kMemoryReservation[] = "linux.resources.memory.reservation";
inline constexpr char kMemorySwap[] = "linux.resources.memory.swap";
inline constexpr char kMemoryKernel[] = "linux.resources.memory.kernel";
inline constexpr char kMemoryKernelTcp[] = "linux.resources.memory.kernelTCP";
inline constexpr char kMemorySwappiness[] = "linux.resources.memory.swappiness";
inline constexpr char kMemoryOomKiller[] = "linux.resources.memory.disableOOMKiller";
inline constexpr char kMemoryHierarchy[] = "linux.resources.memory.useHierarchy";
inline constexpr char kCpuShares[] = "linux.resources.cpu.shares";
inline constexpr char kCpuQuota[] = "linux.resources.cpu.quota";
inline constexpr char kCpuPeriod[] = "linux.resources.cpu.period";
inline constexpr char kCpuBurst[] = "linux.resources.cpu.burst";
inline constexpr char kCpuIdle[] = "linux.resources.cpu.idle";
inline constexpr char kCpuRtRuntime[] = "linux.resources.cpu.realtimeRuntime";
inline constexpr char kCpuRtPeriod[] = "linux.resources.cpu.realtimePeriod";
inline constexpr char kCpus[] = "linux.resources.cpu.cpus";
inline constexpr char kMems[] = "linux.resources.cpu.mems";
inline constexpr char kPids[] = "linux.resources.pids.limit";
inline constexpr char kBlockIo[] = "linux.resources.blockIO";
inline constexpr char kHugepages[] = "linux.resources.hugepageLimits";
inline constexpr char kClassId[] = "linux.resources.network.classID";
inline constexpr char kPriorities[] = "linux.resources.network.priorities";
inline constexpr char kRdma[] = "linux.resources.rdma";
inline constexpr char kUnified[] = "linux.resources.unified";

// A limit that is there to be set: neither absent nor 0.
template <class Int>
bool IsSet(const std::optional<Int>& value) {
  return value.has_value() && *value != 0;
}

Error Invalid(std::string_view field, std::string_view why);

// Ranges that both versions share.
Status CheckMemory(const spec::MemoryResources& memory);
Status CheckCpu(const spec::CpuResources& cpu);
Status CheckWeight(std::string_view field, std::optional<std::uint16_t> weight);

// Files that are the same, or differ in a suffix only.
void AddCpuset(const spec::CpuResources& cpu, Translation& out);
void AddPids(const spec::PidsResources& pids, Translation& out);
Status AddHugepages(const std::vector<spec::HugepageLimit>& limits, std::string_view suffix,
                    Translation& out);
Status AddRdma(const spec::Resources& resources, Translation& out);

// "8:0 "
std::string DevicePrefix(std::int64_t major, std::int64_t minor);

}  // namespace caisson::cgroup::translate
