// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "agent/pod_spec/pod.h"
#include "agent/pod_spec/pod_status.h"
#include "agent/pods/container_record.h"

namespace caisson::pods {

// What is to be done for a pod that is not being deleted.
struct Decision {
  std::vector<std::size_t> start;              // records to start now, in this order
  std::optional<SteadyTime> wake;              // decide again then, if nothing happens before
  std::optional<pod_spec::PodPhase> finished;  // Succeeded or Failed: nothing starts any more
};

// The pod's state machine as a function of what is known: init containers one after the other, then
// all others, each started again as the restart policy and its backoff say. Pure.
// Source: Kubernetes, "Pod Lifecycle", "Init Containers", "Sidecar Containers".
Decision Decide(const pod_spec::PodSpec& spec, std::span<const ContainerRecord> records,
                SteadyTime now);

// Whether the policy wants a container that ended so to be started again.
bool WantsRestart(const pod_spec::PodSpec& spec, const ContainerRecord& record);

// Whether every init container has done what the others wait for.
bool IsInitialized(std::span<const ContainerRecord> records);

}  // namespace caisson::pods
