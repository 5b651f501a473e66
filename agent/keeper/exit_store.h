// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "agent/keeper_client/protocol.h"
#include "runtime/base/error.h"

namespace caisson::keeper {

// Puts the record under `pod_data_dir`/exits, on the disk for good before it returns: whoever is
// told of an exit afterwards can rely on finding it again, whatever crashes.
Status SaveExit(const std::string& pod_data_dir, const keeper_client::ExitRecord& record);

// Whether the kernel's OOM killer took a process of this cgroup (below the root of each hierarchy)
// so far. The kernel counts before it kills, so at the victim's exit the answer is final.
// Source: cgroup-v2.rst, memory.events; cgroup-v1/memory.rst, memory.oom_control.
bool SawOomKill(const std::string& cgroup_root, const std::string& cgroup_path);

}  // namespace caisson::keeper
