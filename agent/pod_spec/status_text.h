// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "agent/pod_spec/pod.h"

namespace caisson::pod_spec {

// What `get pods` shows of a pod. Source: k8s.io/kubernetes/pkg/printers/internalversion, printPod.
struct PodSummary {
  int ready = 0;
  int total = 0;
  std::string status;    // Running, CrashLoopBackOff, Init:0/1, Terminating...
  std::string restarts;  // "3 (10s ago)"
};
PodSummary Summarize(const nlohmann::json& pod, Time now);

// "90s", "5m3s", "3h", "2d4h". Source: k8s.io/apimachinery/pkg/util/duration, HumanDuration.
std::string HumanDuration(std::chrono::seconds duration);
// The time since an RFC 3339 text; "<unknown>" when there is none.
std::string AgeOf(const nlohmann::json& object, const char* field, Time now);

}  // namespace caisson::pod_spec
