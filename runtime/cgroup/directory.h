// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/cgroup/record.h"

// Making and looking at single cgroup directories. For this room only.
namespace caisson::cgroup {

enum class Made {
  kNew,      // it and perhaps parents were made
  kExisted,  // it was there
  kNoMount,  // there is nothing at its mount point: this host lacks the hierarchy
};

// mkdir with missing parents, which are counted in `parents_made`. On failure nothing that it made
// is left. v1 cpuset directories get their parents' CPUs and memory nodes, without which nothing
// can join them.
Result<Made> MakeDirectory(Directory& directory);

// Hands every controller that the mount point has down to the directory's parent, so that the
// directory has their files; what the kernel refuses is left, and found out when a limit needs it.
// `only` restricts it to one controller.
void EnableControllers(const Directory& directory, std::string_view only = {});

// Names of the cgroups directly below, unsorted. A directory that is gone has none.
Result<std::vector<std::string>> ChildrenOf(const std::string& path);

// Host pids in `path` and below, sorted, each once.
Result<std::vector<pid_t>> ProcessesIn(const std::string& path);

}  // namespace caisson::cgroup
