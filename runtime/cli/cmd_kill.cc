// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include "runtime/cli/commands.h"
#include "runtime/cli/signal_name.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"all", "", "send the signal to all processes of the container", 'a'},
    {"help", "", "show this help", 'h'},
};

// Scripts kill and then delete at once, and with a slower runtime that works: for it the process is
// gone by then. It may also take its time, which is no failure of this command.
void AwaitEnd(const Invocation& invocation) {
  const auto init = container::Init(invocation.context, invocation.id());
  if (init) (void)init->WaitEnded(Deadline::After(std::chrono::milliseconds(100)));
}

Result<int> Run(const Invocation& invocation) {
  const auto& arguments = invocation.options.arguments();
  // An empty word is no signal given: scripts write kill "$id" "$signal".
  const bool given = arguments.size() > 1 && !arguments[1].empty();
  CAISSON_ASSIGN(const int signal, ParseSignal(given ? arguments[1] : "SIGTERM"));
  CAISSON_TRY(
      container::Kill(invocation.context, invocation.id(), signal, invocation.options.On("all")));
  if (signal == SIGKILL) AwaitEnd(invocation);
  return 0;
}

}  // namespace

const Command kKill = {
    .name = "kill",
    .arguments = "CONTAINER [SIGNAL]",
    .summary = "send a signal (default: SIGTERM) to a container's first process",
    .options = kOptions,
    .min_arguments = 1,
    .max_arguments = 2,
    .run = Run,
};

}  // namespace caisson::cli
