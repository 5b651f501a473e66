// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "agent/pod_spec/pod.h"

namespace caisson::pod_spec {

// What agent/pods writes and every client reads. Source: k8s.io/api/core/v1, PodStatus.

enum class PodPhase { kPending, kRunning, kSucceeded, kFailed, kUnknown };
std::string_view PodPhaseName(PodPhase phase);

struct PodCondition {
  std::string type;              // PodScheduled, Initialized, ContainersReady, Ready...
  std::string status = "False";  // True, False, Unknown
  std::optional<Time> last_transition_time;
  std::string reason;
  std::string message;
};

struct StateWaiting {
  std::string reason;  // ContainerCreating, CrashLoopBackOff, ErrImageNeverPull...
  std::string message;
};
struct StateRunning {
  Time started_at{};
};
struct StateTerminated {
  std::int32_t exit_code = 0;  // 128 + signal when killed
  std::int32_t signal = 0;     // 0: exited by itself
  std::string reason;          // Completed, Error, OOMKilled, ContainerCannotRun...
  std::string message;         // the termination message
  std::optional<Time> started_at;
  std::optional<Time> finished_at;
  std::string container_id;
};
// monostate: not known yet; clients see it as waiting.
using ContainerState = std::variant<std::monostate, StateWaiting, StateRunning, StateTerminated>;

struct ContainerStatus {
  std::string name;
  ContainerState state;
  ContainerState last_state;
  bool ready = false;
  std::optional<bool> started;
  std::int32_t restart_count = 0;
  std::string image;
  std::string image_id;
  std::string container_id;  // "caisson://<64 hex>"
};

struct PodStatus {
  PodPhase phase = PodPhase::kPending;
  std::vector<PodCondition> conditions;
  std::string message;
  std::string reason;  // Evicted, DeadlineExceeded...
  std::string host_ip;
  std::vector<std::string> host_ips;
  std::vector<std::string> pod_ips;  // the first is podIP
  std::optional<Time> start_time;
  std::vector<ContainerStatus> init_container_statuses;
  std::vector<ContainerStatus> container_statuses;
  std::vector<ContainerStatus> ephemeral_container_statuses;
  std::optional<QosClass> qos_class;
};

nlohmann::json EncodePodStatus(const PodStatus& status);

// The status part of a pod's document; a part that is absent or malformed is left at its zero.
PodStatus DecodePodStatus(const nlohmann::json& status);

}  // namespace caisson::pod_spec
