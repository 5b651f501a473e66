// SPDX-License-Identifier: Apache-2.0
#include <signal.h>

#include "runtime/container/lifecycle.h"
#include "runtime/container/opened.h"

namespace caisson::container {

Status Kill(const Context& context, const std::string& id, int signal, bool all) {
  CAISSON_ASSIGN(const Opened opened, OpenContainer(context, id, Access::kRead));
  CAISSON_ASSIGN(const ContainerStatus status, StatusOf(opened));
  CAISSON_ASSIGN(const cgroup::Manager manager, CgroupOf(opened.record));
  const bool stopped = status == ContainerStatus::kStopped || status == ContainerStatus::kCreating;
  // A container whose init has ended may still have processes when it shares a pid namespace.
  if (all) {
    CAISSON_ASSIGN(const std::vector<pid_t> processes, manager.Processes());
    if (stopped && processes.empty()) return Ok();
    CAISSON_TRY(manager.SignalAll(signal));
  } else {
    if (stopped) {
      // So it is with runc: the last that its processes hear, whoever was their first.
      CAISSON_ASSIGN(const std::vector<pid_t> processes, manager.Processes());
      if (signal != SIGKILL || HasOwnPidNamespace(opened.record) || processes.empty())
        return NotRunning(id);
      return manager.KillAll(Deadline::After(std::chrono::seconds(5)));
    }
    CAISSON_ASSIGN(const Pidfd init, OpenInit(opened.record));
    CAISSON_TRY(init.Signal(signal));
    // In a pid namespace of its own the kernel kills the rest with init; elsewhere nobody does.
    if (signal == SIGKILL && !HasOwnPidNamespace(opened.record))
      CAISSON_TRY(manager.SignalAll(SIGKILL));
  }
  // v1: a frozen process dies only once it is thawed.
  if (signal == SIGKILL && status == ContainerStatus::kPaused)
    CAISSON_TRY(manager.SetFrozen(false, Deadline::After(std::chrono::seconds(5))));
  return Ok();
}

}  // namespace caisson::container
