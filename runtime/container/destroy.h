// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/state/directory.h"
#include "runtime/state/record.h"

namespace caisson::container {

enum class PoststopHooks { kRun, kSkip };

// Takes a container apart, in the one order that is safe from any point of its life: SIGKILL → wait
// → cgroup → resctrl groups → state. Keyed on the record, never on the configuration; what is
// not there (any more) is done already. Its mounts lived in its mount namespace and went with it.
// Errors: kSystem ETIMEDOUT naming a process that cannot be killed: the record then stays, so that
// it can be tried again.
Status Destroy(state::Directory directory, const state::Record& record, PoststopHooks hooks,
               Deadline deadline);

}  // namespace caisson::container
