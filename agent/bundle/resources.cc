// SPDX-License-Identifier: Apache-2.0
#include "agent/bundle/resources.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/base/strings.h"

namespace caisson::bundle {
namespace {

constexpr std::int64_t kPeriodUs = 100'000;
constexpr std::string_view kHugePages = "hugepages-";

using pod_spec::Quantity;
using pod_spec::ResourceList;

std::optional<Quantity> Find(const ResourceList& list, const std::string& name) {
  const auto found = list.find(name);
  return found == list.end() ? std::nullopt : std::optional(found->second);
}

// A request that is not given is the limit.
std::int64_t RequestedMilliCpu(const pod_spec::Container& container) {
  const auto request = Find(container.resources.requests, "cpu");
  const auto value = request ? request : Find(container.resources.limits, "cpu");
  return value ? value->ToMilli() : 0;
}

// "hugepages-2Mi" limits the kernel's "2MB".
void AddHugePages(const ResourceList& limits, spec::Resources& resources) {
  for (const auto& [name, amount] : limits) {
    if (!name.starts_with(kHugePages)) continue;
    std::string size = name.substr(kHugePages.size());
    if (size.ends_with('i')) size.back() = 'B';
    resources.hugepage_limits.push_back({size, static_cast<std::uint64_t>(amount.ToWhole())});
  }
}

}  // namespace

std::uint64_t SharesOf(std::int64_t milli_cpu) {
  constexpr std::int64_t kMin = 2;
  constexpr std::int64_t kMax = 262144;
  return static_cast<std::uint64_t>(std::clamp(milli_cpu * 1024 / 1000, kMin, kMax));
}

std::int64_t QuotaOf(std::int64_t milli_cpu) {
  constexpr std::int64_t kMinUs = 1000;
  return std::max(milli_cpu * kPeriodUs / 1000, kMinUs);
}

spec::Resources ContainerResources(const pod_spec::Container& container, std::int64_t pids_limit) {
  spec::Resources resources;
  auto& cpu = resources.cpu.emplace();
  cpu.shares = SharesOf(RequestedMilliCpu(container));
  const ResourceList& limits = container.resources.limits;
  if (const auto limit = Find(limits, "cpu"); limit && !limit->is_zero()) {
    cpu.quota_us = QuotaOf(limit->ToMilli());
    cpu.period_us = kPeriodUs;
  }
  if (const auto limit = Find(limits, "memory"); limit && !limit->is_zero())
    resources.memory.emplace().limit = limit->ToWhole();
  if (pids_limit > 0) resources.pids.emplace().limit = pids_limit;
  AddHugePages(limits, resources);
  return resources;
}

spec::Resources PodResources(const pod_spec::PodSpec& pod) {
  std::int64_t cpu_requests = 0;
  std::int64_t cpu_limits = 0;
  std::int64_t memory_limits = 0;
  bool all_have_cpu = true;
  bool all_have_memory = true;
  for (const pod_spec::Container& container : pod.containers) {
    cpu_requests += RequestedMilliCpu(container);
    const auto cpu = Find(container.resources.limits, "cpu");
    const auto memory = Find(container.resources.limits, "memory");
    all_have_cpu = all_have_cpu && cpu && !cpu->is_zero();
    all_have_memory = all_have_memory && memory && !memory->is_zero();
    if (cpu) cpu_limits += cpu->ToMilli();
    if (memory) memory_limits += memory->ToWhole();
  }
  // Init containers run one at a time before the others: the pod needs the larger of the two.
  for (const pod_spec::Container& container : pod.init_containers) {
    cpu_requests = std::max(cpu_requests, RequestedMilliCpu(container));
    const auto cpu = Find(container.resources.limits, "cpu");
    const auto memory = Find(container.resources.limits, "memory");
    all_have_cpu = all_have_cpu && cpu && !cpu->is_zero();
    all_have_memory = all_have_memory && memory && !memory->is_zero();
    if (cpu) cpu_limits = std::max(cpu_limits, cpu->ToMilli());
    if (memory) memory_limits = std::max(memory_limits, memory->ToWhole());
  }
  spec::Resources resources;
  auto& cpu = resources.cpu.emplace();
  cpu.shares = SharesOf(cpu_requests);
  if (all_have_cpu) {
    cpu.quota_us = QuotaOf(cpu_limits);
    cpu.period_us = kPeriodUs;
  }
  if (all_have_memory) resources.memory.emplace().limit = memory_limits;
  return resources;
}

std::int32_t OomScoreAdj(const pod_spec::PodSpec& pod, const pod_spec::Container& container,
                         std::int64_t node_memory_bytes, std::int32_t lowest) {
  std::int64_t score = 1000;
  switch (pod_spec::QosClassOf(pod)) {
    case pod_spec::QosClass::kGuaranteed: score = -997; break;
    case pod_spec::QosClass::kBestEffort: break;
    case pod_spec::QosClass::kBurstable: {
      const auto request = Find(container.resources.requests, "memory");
      const std::int64_t bytes = request ? request->ToWhole() : 0;
      const std::int64_t node = std::max<std::int64_t>(node_memory_bytes, 1);
      const auto per_mille = static_cast<std::int64_t>(1000.0 * static_cast<double>(bytes) /
                                                       static_cast<double>(node));
      // Never as safe as a guaranteed pod, never as exposed as one without requests.
      score = std::clamp<std::int64_t>(1000 - per_mille, 3, 999);
      break;
    }
  }
  return std::max(static_cast<std::int32_t>(score), lowest);
}

}  // namespace caisson::bundle
