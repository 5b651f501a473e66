// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "agent/pod_spec/pod.h"

namespace caisson::pod_spec {
namespace {

constexpr std::array<const char*, 2> kCounted{"cpu", "memory"};

bool Asks(const ResourceRequirements& resources) {
  for (const char* name : kCounted) {
    for (const ResourceList* list : {&resources.requests, &resources.limits}) {
      const auto at = list->find(name);
      if (at != list->end() && !at->second.is_zero()) return true;
    }
  }
  return false;
}

bool IsGuaranteed(const ResourceRequirements& resources) {
  for (const char* name : kCounted) {
    const auto limit = resources.limits.find(name);
    if (limit == resources.limits.end() || limit->second.is_zero()) return false;
    const auto request = resources.requests.find(name);
    if (request != resources.requests.end() && request->second != limit->second) return false;
  }
  return true;
}

}  // namespace

std::string_view QosClassName(QosClass qos) {
  switch (qos) {
    case QosClass::kGuaranteed: return "Guaranteed";
    case QosClass::kBurstable: return "Burstable";
    case QosClass::kBestEffort: return "BestEffort";
  }
  return "BestEffort";
}

QosClass QosClassOf(const PodSpec& spec) {
  if (Asks(spec.resources))
    return IsGuaranteed(spec.resources) ? QosClass::kGuaranteed : QosClass::kBurstable;
  bool any = false;
  bool all_guaranteed = true;
  for (const auto* containers : {&spec.containers, &spec.init_containers}) {
    for (const Container& container : *containers) {
      any = any || Asks(container.resources);
      all_guaranteed = all_guaranteed && IsGuaranteed(container.resources);
    }
  }
  if (!any) return QosClass::kBestEffort;
  return all_guaranteed ? QosClass::kGuaranteed : QosClass::kBurstable;
}

}  // namespace caisson::pod_spec
