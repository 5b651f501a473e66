// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "agent/pod_spec/pod.h"
#include "runtime/spec/resources.h"

namespace caisson::bundle {

// cpu.shares for a request: 1 CPU is 1024 shares, at least 2.
// Units: milli-CPUs. Source: Kubernetes, kubelet's MilliCPUToShares.
std::uint64_t SharesOf(std::int64_t milli_cpu);

// The time a period of 100 ms may use, at least 1 ms. Units: milli-CPUs in, microseconds out.
std::int64_t QuotaOf(std::int64_t milli_cpu);

// A container's cgroup limits. `pids_limit` 0 is none.
spec::Resources ContainerResources(const pod_spec::Container& container, std::int64_t pids_limit);

// The pod's own cgroup: shares by the sum of requests, limits only where every container has one.
// Source: Kubernetes, "Pod Quality of Service Classes"; kubelet's ResourceConfigForPod.
spec::Resources PodResources(const pod_spec::PodSpec& pod);

// How willingly the kernel's OOM killer takes this container, not below `lowest`.
// Source: kubelet, qos policy: Guaranteed -997, BestEffort 1000, Burstable by its memory request.
std::int32_t OomScoreAdj(const pod_spec::PodSpec& pod, const pod_spec::Container& container,
                         std::int64_t node_memory_bytes, std::int32_t lowest);

}  // namespace caisson::bundle
