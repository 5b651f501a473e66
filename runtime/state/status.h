// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/state/directory.h"
#include "runtime/state/record.h"

namespace caisson::state {

// Source: runtime-spec 1.3, runtime.md, state; "paused" is runc's addition.
enum class ContainerStatus { kCreating, kCreated, kRunning, kPaused, kStopped };
std::string_view NameOf(ContainerStatus status);

// Whether the init that the record names lives: this boot, this start time, and not a zombie.
Result<bool> InitIsAlive(const Record& record);

// What the container is at this moment. `is_frozen` is asked only of one whose init
// lives. Created means that the start gate is still there; a creation that nobody works on any more
// is stopped.
Result<ContainerStatus> DeriveStatus(const Directory& directory, const Record& record,
                                     const std::function<Result<bool>()>& is_frozen);

// The state that hooks get on stdin. The pid is left out when stopped.
// Source: runtime-spec 1.3, runtime.md, state.
std::string OciStateJson(const Record& record, ContainerStatus status);

// What `state` and `list --format json` print: the same with rootfs, created and owner, in runc's
// order. `owner` is the user's name, or the uid where there is none.
std::string ReportJson(const Record& record, ContainerStatus status, std::string_view owner,
                       std::string_view indent = {});

}  // namespace caisson::state
