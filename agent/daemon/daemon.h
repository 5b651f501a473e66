// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/daemon/config.h"
#include "runtime/base/error.h"

namespace caisson::daemon {

// Runs the agent until SIGTERM or SIGINT; pods live on. Call it before there are threads.
// Errors: kWrongState when another agent uses the run directory; what kept it from starting.
Status RunAgent(const Config& config, int ready_fd);

// Removes all pods, the network, the cgroups and the run directory of the agent with this
// configuration; images stay. Errors: kWrongState while that agent runs.
Status Cleanup(const Config& config);

}  // namespace caisson::daemon
