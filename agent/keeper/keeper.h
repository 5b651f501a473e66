// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/keeper_client/keeper_config.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::keeper {

// Keeps one pod until it is told to stop it: makes its cgroup and namespaces, then serves `control`
// (which is taken from then on) and the pod's socket. On an error before that, nothing is left
// behind and `control` is still there to tell it. This process must be single-threaded, in the
// small root and outside the agent's cgroup.
Status KeepPod(const keeper_client::KeeperConfig& config, UniqueFd& control);

}  // namespace caisson::keeper
