// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>

#include "agent/pod_spec/pod.h"
#include "agent/pods/container_record.h"
#include "agent/pods/node.h"
#include "agent/pods/sandbox.h"
#include "runtime/base/error.h"

namespace caisson::pods {

// How far a start got before it failed: decides what clients are told and when it is tried again.
enum class StartStep {
  kImage,   // ErrImagePull, ErrImageNeverPull, InvalidImageName
  kConfig,  // CreateContainerConfigError: the pod refers to what there is not
  kCreate,  // CreateContainerError: root filesystem, volumes
  kRun,     // RunContainerError: the runtime refused, e.g. the command is not in the image
};

struct Started {
  std::string container_id;
  std::string image_id;
  std::int64_t started_at_ns = 0;
};

struct StartError {
  StartStep step = StartStep::kCreate;
  std::string reason;
  std::string message;
  std::string container_id;  // of what was to be started
};

// Makes and starts one container in a pod's sandbox. On failure nothing of it is left.
std::variant<Started, StartError> StartContainer(Node& node, const pod_spec::Pod& pod,
                                                 const Sandbox& sandbox,
                                                 const ContainerRecord& record);

// Takes away what a container that has ended still holds: cgroup and state at its keeper, root
// filesystem, bundle. What is not there is success.
Status RemoveContainer(Node& node, const Sandbox& sandbox, const std::string& container_id);

// The signal that asks the container to end: its lifecycle's, its image's, else SIGTERM.
int StopSignalOf(const Node& node, const pod_spec::Pod& pod, const ContainerRecord& record);

// What the container left in its termination log, or (when the policy says so and it failed) the
// end of its output. At most 4096 bytes.
std::string ReadTerminationMessage(const Node& node, const pod_spec::Pod& pod,
                                   const pod_spec::Container& container, const Sandbox& sandbox,
                                   const keeper_client::ExitRecord& exit);

// "<log dir of the pod>/NAME/ATTEMPT.log"
std::string LogPathOf(const PodsConfig& config, const pod_spec::ObjectMeta& meta,
                      const std::string& name, std::uint32_t attempt);

// Of the logs of earlier attempts only the last one's stay, for `logs --previous`.
void RemoveOldLogs(const PodsConfig& config, const pod_spec::ObjectMeta& meta,
                   const std::string& name, std::uint32_t attempt);

}  // namespace caisson::pods
