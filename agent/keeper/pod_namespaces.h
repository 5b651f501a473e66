// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/keeper_client/keeper_config.h"
#include "agent/keeper_client/protocol.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/process.h"

namespace caisson::keeper {

// What a pod has once: its namespaces, held by the keeper living in them. A container whose
// configuration lists no network, ipc or uts namespace (and, when shared, no pid namespace) is born
// into these, so nothing has to be joined at a container's start.
struct PodNamespaces {
  UniqueFd net;       // of the pod; invalid with the host's network
  ChildGuard reaper;  // PID 1 of a shared pid namespace; not valid without one
};

// Makes them for this process, which must be single-threaded, and sets hostname and sysctls.
// Errors: the step's; kInvalidSpec for a sysctl name that is none.
Result<PodNamespaces> EnterPodNamespaces(const keeper_client::KeeperConfig& config);

// Who we are, for Hello.
Result<keeper_client::KeeperInfo> Describe(const keeper_client::KeeperConfig& config,
                                           const PodNamespaces& namespaces);

}  // namespace caisson::keeper
