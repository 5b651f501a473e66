// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/destroy.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/opened.h"

namespace caisson::container {
namespace {

// A record that cannot be read is no reason to keep the rest for ever: --force removes the state,
// which is all that is known to exist.
Status DeleteUnreadable(const Context& context, const std::string& id) {
  CAISSON_ASSIGN(state::Directory directory, state::Directory::Open(context.root, id));
  CAISSON_TRY(directory.Lock(Deadline::After(kLockWait)));
  return std::move(directory).Remove();
}

}  // namespace

Status Delete(const Context& context, const std::string& id, const DeleteOptions& options) {
  auto opened = OpenContainer(context, id, Access::kChange);
  if (!opened) {
    if (!options.force) return std::move(opened).error();
    const Code code = opened.error().code();
    if (code != Code::kNotFound && code != Code::kInvalidSpec && code != Code::kUnsupported)
      return std::move(opened).error();
    const auto directory = state::Directory::Open(context.root, id);
    if (!directory && directory.error().code() == Code::kNotFound) return Ok();
    return DeleteUnreadable(context, id);
  }
  CAISSON_ASSIGN(const ContainerStatus status, StatusOf(*opened));
  const bool runs = status == ContainerStatus::kRunning || status == ContainerStatus::kPaused;
  if (runs && !options.force)
    return Error(Code::kWrongState, StrCat("cannot delete container \"", id,
                                           "\" that is not stopped: ", state::NameOf(status)))
        .Hint("kill it first, or use --force");
  if (status == ContainerStatus::kPaused) {
    CAISSON_ASSIGN(const cgroup::Manager manager, CgroupOf(opened->record));
    CAISSON_TRY(manager.SignalAll(9));
    CAISSON_TRY(manager.SetFrozen(false, options.deadline));
  }
  return Destroy(std::move(opened->directory), opened->record, PoststopHooks::kRun,
                 options.deadline);
}

Status DeleteEnded(Created created, Deadline deadline) {
  state::Directory directory = std::move(created.opened->directory);
  // Another command may have deleted it meanwhile, as it may.
  if (Status locked = directory.Lock(deadline); !locked)
    return locked.error().code() == Code::kNotFound ? Ok() : locked;
  return Destroy(std::move(directory), created.opened->record, PoststopHooks::kRun, deadline);
}

}  // namespace caisson::container
