// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "agent/pod_spec/pod.h"
#include "agent/pod_spec/pod_status.h"
#include "agent/pods/container_record.h"

namespace caisson::pods {

// What a pod's status says beside its containers.
struct StatusFacts {
  std::vector<std::string> host_ips;
  std::vector<std::string> pod_ips;
  std::optional<pod_spec::Time> start_time;
  std::optional<pod_spec::PodPhase> finished;  // Succeeded or Failed
  std::string reason;
  std::string message;
  std::string waiting_reason = "ContainerCreating";  // of containers that nothing is known of yet
};

// The status as kubelet would write it. `before` keeps the times of conditions that did not change.
// Pure. Source: k8s.io/api/core/v1, PodStatus; kubelet's getPhase.
pod_spec::PodStatus MakeStatus(const pod_spec::Pod& pod, std::span<const ContainerRecord> records,
                               const StatusFacts& facts, const pod_spec::PodStatus& before,
                               SteadyTime now);

}  // namespace caisson::pods
