// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::keeper {

struct NurseryOptions {
  std::string cgroup_root;           // the cgroup mount: /sys/fs/cgroup
  std::string own_cgroup;            // of the nursery and all keepers
  std::vector<std::string> visible;  // host directories that keepers must see
};

// The process that keepers are forked from. It goes once through what would cost each keeper
// milliseconds (a cgroup of its own in every hierarchy, where a move waits for an RCU grace period;
// the small root; loading and relocating the program), so a keeper costs a fork, and all keepers
// share this process's memory until they write to it. Two steps, for the program is executed anew
// from inside the small root.

// Joins the cgroup and enters the small root. Errors: the step's.
Status PrepareNursery(const NurseryOptions& options);

// Tells `requests` that the nursery has come up, or why not, as a Response without a request.
void AnnounceNursery(const UniqueFd& requests, const Status& prepared);

// Serves `requests` until the agent closes it: each packet is a KeeperConfig as JSON, beside it the
// keeper's control connection and its log. A keeper that cannot be born says why on its control
// connection, as a Response without a request. Returns in the nursery at its end; in each keeper
// when that keeper ends. Errors: the step's.
Status RunNursery(UniqueFd requests);

}  // namespace caisson::keeper
