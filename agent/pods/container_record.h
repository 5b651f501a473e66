// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "agent/keeper_client/protocol.h"
#include "agent/pod_spec/pod.h"
#include "agent/pod_spec/pod_status.h"
#include "agent/pods/backoff.h"

namespace caisson::pods {

enum class ContainerKind {
  kInit,     // runs to its end before the next one
  kSidecar,  // an init container that stays: the next one begins when it has started
  kRegular,
};

enum class ContainerPhase {
  kWaiting,  // not started, or to be started again
  kRunning,
  kEnded,
};

// Why a container could not be started, as clients know it: ErrImagePull, CreateContainerError...
struct StartFailure {
  std::string reason;
  std::string message;
};

// One container of a pod as its worker knows it. Plain data.
struct ContainerRecord {
  std::string name;
  ContainerKind kind = ContainerKind::kRegular;
  ContainerPhase phase = ContainerPhase::kWaiting;
  std::string container_id;        // the current one, or the last one; empty: there was none
  std::uint32_t attempt = 0;       // of container_id: how many were before it
  std::int64_t started_at_ns = 0;  // since the epoch
  std::optional<pod_spec::StateTerminated> end;       // how container_id ended
  std::optional<pod_spec::StateTerminated> last_end;  // how the one before it ended
  std::optional<StartFailure> failure;                // the last attempt to start it
  Backoff backoff;
  std::string image;
  std::string image_id;
  bool adopted = false;  // its keeper of an earlier agent knows it

  // The attempt that a start now would be.
  std::uint32_t NextAttempt() const { return container_id.empty() ? 0 : attempt + 1; }
};

// Records for all containers of a pod, init containers first, with what `status` (from an earlier
// life of the agent) still says about them.
std::vector<ContainerRecord> MakeRecords(const pod_spec::PodSpec& spec,
                                         const pod_spec::PodStatus& status);

// The container of the spec that a record is about; nullptr when an update took it away.
const pod_spec::Container* FindContainer(const pod_spec::PodSpec& spec, const std::string& name);

// "caisson://ID", as clients see it, and back.
std::string ShownId(const std::string& container_id);
std::string BareId(const std::string& shown);

// An exit record in the words of the API. `message` is what the container left in its termination
// log.
pod_spec::StateTerminated ToTerminated(const keeper_client::ExitRecord& exit, std::string message);

// The end of a container of which nobody knows how it ended: its keeper or the machine is gone.
pod_spec::StateTerminated UnknownEnd(const ContainerRecord& record);

// Takes in how the current container ended.
void End(ContainerRecord& record, pod_spec::StateTerminated end, const BackoffRule& rule,
         SteadyTime now);

}  // namespace caisson::pods
