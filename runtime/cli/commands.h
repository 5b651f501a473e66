// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/cli/command.h"

namespace caisson::cli {

// Each in its cmd_*.cc.
extern const Command kCheckpoint;
extern const Command kCreate;
extern const Command kDelete;
extern const Command kDoctor;
extern const Command kEvents;
extern const Command kExec;
extern const Command kFeatures;
extern const Command kKill;
extern const Command kList;
extern const Command kPause;
extern const Command kPs;
extern const Command kRestore;
extern const Command kResume;
extern const Command kRun;
extern const Command kSpec;
extern const Command kStart;
extern const Command kState;
extern const Command kTrace;
extern const Command kUpdate;

}  // namespace caisson::cli
