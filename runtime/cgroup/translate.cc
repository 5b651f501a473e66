// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/translate.h"

#include <algorithm>
#include <cmath>

namespace caisson::cgroup {

namespace {
constexpr std::uint64_t kMinShares = 2;
constexpr std::uint64_t kDefaultShares = 1024;
constexpr std::uint64_t kMaxShares = 262144;
constexpr std::uint64_t kMaxWeight = 10000;
}  // namespace

std::string_view ControllerOf(const FileWrite& write) {
  return std::string_view(write.file).substr(0, write.file.find('.'));
}

std::uint64_t WeightFromShares(std::uint64_t shares) {
  if (shares <= kMinShares) return 1;
  if (shares >= kMaxShares) return kMaxWeight;
  const double l = std::log2(static_cast<double>(shares));
  const double exponent = (l * l + 125 * l) / 612.0 - 7.0 / 34.0;
  return static_cast<std::uint64_t>(std::ceil(std::pow(10, exponent)));
}

std::uint64_t SharesFromWeight(std::uint64_t weight) {
  if (weight == WeightFromShares(kDefaultShares)) return kDefaultShares;
  std::uint64_t low = kMinShares;
  std::uint64_t high = kMaxShares;
  while (low < high) {
    const std::uint64_t middle = low + (high - low) / 2;
    if (WeightFromShares(middle) >= weight) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

namespace translate {

Error Invalid(std::string_view field, std::string_view why) {
  return Error(Code::kInvalidSpec, StrCat(field, ": ", why));
}

Status CheckMemory(const spec::MemoryResources& memory) {
  const std::pair<const char*, std::optional<std::int64_t>> limits[] = {
      {kMemoryLimit, memory.limit},
      {kMemoryReservation, memory.reservation},
      {kMemorySwap, memory.swap},
      {kMemoryKernelTcp, memory.kernel_tcp}};
  for (const auto& [field, value] : limits) {
    if (value && *value < -1)
      return Invalid(field, StrCat("must be bytes or -1 for unlimited, not ", *value));
  }
  if (memory.swappiness && *memory.swappiness > 100)
    return Invalid(kMemorySwappiness, StrCat("must be 0 to 100, not ", *memory.swappiness));
  if (!IsSet(memory.swap) || *memory.swap < 0) return Ok();
  if (memory.limit && *memory.limit > 0 && *memory.swap < *memory.limit)
    return Error(Code::kInvalidSpec, StrCat(kMemorySwap, ": must be at least the memory limit"))
        .Hint("set it to the limit plus the swap allowed, or to -1");
  return Ok();
}

Status CheckCpu(const spec::CpuResources& cpu) {
  if (IsSet(cpu.shares) && (*cpu.shares < kMinShares || *cpu.shares > kMaxShares))
    return Invalid(kCpuShares,
                   StrCat("must be ", kMinShares, " to ", kMaxShares, ", not ", *cpu.shares));
  if (IsSet(cpu.period_us) && (*cpu.period_us < 1000 || *cpu.period_us > 1'000'000))
    return Invalid(kCpuPeriod,
                   StrCat("must be 1000 to 1000000 microseconds, not ", *cpu.period_us));
  if (cpu.quota_us && *cpu.quota_us > 0 && *cpu.quota_us < 1000)
    return Invalid(kCpuQuota, StrCat("must be at least 1000 microseconds, not ", *cpu.quota_us));
  if (cpu.idle && *cpu.idle != 0 && *cpu.idle != 1)
    return Invalid(kCpuIdle, StrCat("must be 0 or 1, not ", *cpu.idle));
  return Ok();
}

Status CheckWeight(std::string_view field, std::optional<std::uint16_t> weight) {
  if (IsSet(weight) && (*weight < 10 || *weight > 1000))
    return Invalid(field, StrCat("must be 10 to 1000, not ", *weight));
  return Ok();
}

void AddCpuset(const spec::CpuResources& cpu, Translation& out) {
  if (!cpu.cpus.empty()) out.writes.push_back({"cpuset.cpus", cpu.cpus, kCpus});
  if (!cpu.mems.empty()) out.writes.push_back({"cpuset.mems", cpu.mems, kMems});
}

// A limit of 0 is written as 1: both forbid every fork in the container, but with 0 nothing could
// be cloned into it either, and systemd takes no 0.
void AddPids(const spec::PidsResources& pids, Translation& out) {
  if (!pids.limit) return;
  const std::int64_t limit = *pids.limit;
  out.writes.push_back(
      {"pids.max", limit < 0 ? "max" : StrCat(std::max<std::int64_t>(limit, 1)), kPids});
}

Status AddHugepages(const std::vector<spec::HugepageLimit>& limits, std::string_view suffix,
                    Translation& out) {
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const std::string field = StrCat(kHugepages, "[", i, "]");
    const std::string_view size = limits[i].page_size;
    // It becomes part of a file's name, so nothing but "<digits><unit>" may pass.
    const auto digits = size.find_first_not_of("0123456789");
    const auto unit = digits == size.npos ? std::string_view() : size.substr(digits);
    if (digits == 0 || (unit != "KB" && unit != "MB" && unit != "GB"))
      return Invalid(StrCat(field, ".pageSize"),
                     StrCat("must be a number and KB, MB or GB, not \"", size, "\""));
    const std::string limit = StrCat(limits[i].limit_bytes);
    const std::string where = StrCat(field, ".limit");
    out.writes.push_back({StrCat("hugetlb.", size, ".", suffix), limit, where});
    // Reservations fail where faults would be killed; the kernel has that limit since 5.7.
    out.writes.push_back({.file = StrCat("hugetlb.", size, ".rsvd.", suffix),
                          .value = limit,
                          .field = where,
                          .optional = true});
  }
  return Ok();
}

// The controller counts in an int, and calls the most that one holds "max".
// Source: cgroup-v1/rdma.rst; S32_MAX in the kernel's rdma controller.
std::string RdmaLimit(std::uint32_t limit) { return limit < INT32_MAX ? StrCat(limit) : "max"; }

Status AddRdma(const spec::Resources& resources, Translation& out) {
  for (const auto& [device, limit] : resources.rdma) {
    const std::string field = StrCat(kRdma, ".", device);
    if (device.empty() || device.find_first_of(" \t\n") != device.npos)
      return Invalid(field, "a device's name has no spaces");
    if (!limit.hca_handles && !limit.hca_objects)
      return Invalid(field, "needs hcaHandles, hcaObjects or both");
    std::string value = device;
    if (limit.hca_handles) value += StrCat(" hca_handle=", RdmaLimit(*limit.hca_handles));
    if (limit.hca_objects) value += StrCat(" hca_object=", RdmaLimit(*limit.hca_objects));
    out.writes.push_back({"rdma.max", std::move(value), field});
  }
  return Ok();
}

std::string DevicePrefix(std::int64_t major, std::int64_t minor) {
  return StrCat(major, ":", minor, " ");
}

}  // namespace translate
}  // namespace caisson::cgroup
