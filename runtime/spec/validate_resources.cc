// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>

#include "runtime/base/log.h"
#include "runtime/spec/checks.h"

namespace caisson::spec {
namespace {

constexpr std::string_view kResources = "linux.resources";

Status CheckDeviceRules(const std::vector<DeviceRule>& rules) {
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const DeviceRule& rule = rules[i];
    const std::string field = StrCat(kResources, ".devices[", i, "]");
    if (rule.access.find_first_not_of("rwm") != std::string::npos)
      Log(LogLevel::kWarning, StrCat(field, ".access: ignoring letters other than r, w and m in \"",
                                     rule.access, "\""));
    for (const auto& number : {rule.major, rule.minor})
      if (number.value_or(0) < -1)
        return Invalid(field, ": device number ", *number, " is below -1 (any)");
  }
  return Ok();
}

Status CheckMemory(const MemoryResources& memory) {
  if (memory.swappiness.value_or(0) > 100)
    return Invalid(kResources, ".memory.swappiness: ", *memory.swappiness, " is above 100");
  return Ok();
}

Status CheckCpu(const CpuResources& cpu) {
  const std::int64_t quota = cpu.quota_us.value_or(0);
  if (quota > 0 && cpu.burst_us.value_or(0) > static_cast<std::uint64_t>(quota))
    return Invalid(kResources, ".cpu.burst: ", *cpu.burst_us, " is above the quota ", quota);
  if (cpu.idle && *cpu.idle != 0 && *cpu.idle != 1)
    return Invalid(kResources, ".cpu.idle: ", *cpu.idle, " is neither 0 nor 1");
  return Ok();
}

Status CheckBlockIo(const BlockIoResources& io) {
  for (std::size_t i = 0; i < io.weight_device.size(); ++i)
    if (!io.weight_device[i].weight && !io.weight_device[i].leaf_weight)
      return Invalid(kResources, ".blockIO.weightDevice[", i,
                     "]: must have a weight or a leafWeight");
  return Ok();
}

// "<size><unit-prefix>B": the name is part of a cgroup file's name.
bool IsPageSize(std::string_view size) {
  const auto digits = size.find_first_not_of("0123456789");
  if (digits == 0 || digits == std::string_view::npos) return false;
  const std::string_view unit = size.substr(digits);
  return unit == "KB" || unit == "MB" || unit == "GB" || unit == "TB";
}

Status CheckHugepages(const std::vector<HugepageLimit>& limits) {
  std::set<std::string_view> seen;
  for (std::size_t i = 0; i < limits.size(); ++i) {
    const std::string field =
        StrCat(kResources, ".hugepageLimits[", i, "].pageSize: \"", limits[i].page_size, "\"");
    if (!IsPageSize(limits[i].page_size))
      return Invalid(field, " is not a number with KB, MB, GB or TB");
    if (!seen.insert(limits[i].page_size).second) return Invalid(field, " is given twice");
  }
  return Ok();
}

// The name becomes a file's name in the container's cgroup.
Status CheckUnified(const StringMap& unified) {
  for (const auto& [file, value] : unified) {
    if (file.empty() || file == "." || file == ".." || file.find('/') != std::string::npos)
      return Invalid(kResources, ".unified: \"", file, "\" is not a file name");
    if (file.find('.') == std::string::npos)
      return Invalid(kResources, ".unified: \"", file, "\" names no controller")
          .Hint("write it as controller.file, as in memory.high");
  }
  return Ok();
}

}  // namespace

Status ValidateResources(const Resources& resources) {
  CAISSON_TRY(CheckDeviceRules(resources.devices));
  if (resources.memory) CAISSON_TRY(CheckMemory(*resources.memory));
  if (resources.cpu) CAISSON_TRY(CheckCpu(*resources.cpu));
  if (resources.block_io) CAISSON_TRY(CheckBlockIo(*resources.block_io));
  CAISSON_TRY(CheckHugepages(resources.hugepage_limits));
  for (const auto& [device, limit] : resources.rdma)
    if (!limit.hca_handles && !limit.hca_objects)
      return Invalid(kResources, ".rdma.", device, ": must have hcaHandles or hcaObjects");
  return CheckUnified(resources.unified);
}

}  // namespace caisson::spec
