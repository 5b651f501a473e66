// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>

#include "runtime/base/process.h"

namespace caisson::test {

// Who is killed: the command, or its container's side, which is every process that it makes, from
// its birth to its execve. Those that become programs (init, hooks) go on by themselves from there.
enum class Victim { kCommand, kContainerSide };

struct Kill {
  Victim victim = Victim::kCommand;
  int call = 0;  // killed when it enters this one, counted from 0: after all that those before did
  pid_t init = 0;  // a process of the container's side that is there already
};

// How the command came to its end.
struct Killed {
  bool killed = false;  // the victim, at the wanted call; false: it made fewer
  bool in_time =
      false;  // the command ended by itself or was the victim; else it hung, and is dead now
  ExitStatus status;  // the command's
  std::string said;   // what it wrote to 1 and 2
};

// Runs the command under ptrace(2) and kills the victim with SIGKILL.
Killed RunAndKill(const Command& command, const Kill& kill);

}  // namespace caisson::test
