// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/destroy.h"

#include <signal.h>
#include <unistd.h>

#include "runtime/base/log.h"
#include "runtime/base/trace.h"
#include "runtime/container/host_root.h"
#include "runtime/container/opened.h"
#include "runtime/process/hooks.h"

namespace caisson::container {
namespace {

// A creator that dies after init has got to the gate and before the record says so leaves an init
// that waits for ever, and where there is no cgroup only the draft knows it.
state::Record WithDraftedInit(const state::Directory& directory, const state::Record& record) {
  if (record.phase != state::Phase::kCreating || record.init_pid > 0) return record;
  state::Record with_init = record;
  if (const auto draft = directory.ReadDraft()) {
    with_init.init_pid = draft->init_pid;
    with_init.init_start_time = draft->init_start_time;
  }
  return with_init;
}

// Where somebody moved init into a frozen cgroup of v1, it cannot even die; in its own it can. What
// does not work here shows in the wait that follows.
void BringHome(const state::Record& record) {
  auto manager = CgroupOf(record);
  if (!manager || !manager->has_cgroup()) return;
  (void)manager->AddProcess(record.init_pid);
  (void)manager->SetFrozen(false, Deadline::After(std::chrono::seconds(1)));
}

Status KillInit(const state::Record& record, Deadline deadline) {
  const Deadline usual = Deadline::After(std::chrono::seconds(1));
  const auto init = OpenInit(record);
  if (!init) return Ok();       // it has ended
  (void)init->Signal(SIGKILL);  // may have ended just now
  CAISSON_ASSIGN(bool ended, init->WaitEnded(deadline.at() < usual.at() ? deadline : usual));
  if (!ended) {
    BringHome(record);
    CAISSON_ASSIGN(ended, init->WaitEnded(deadline));
  }
  if (ended) return Ok();
  return Error(Code::kSystem,
               StrCat("process ", record.init_pid, " of container \"", record.id,
                      "\" did not end after SIGKILL"),
               ETIMEDOUT)
      .Hint(StrCat("look at /proc/", record.init_pid,
                   "/wchan: it waits for the kernel; try again when it is free"));
}

Status RemoveCgroup(const state::Record& record, Deadline deadline) {
  CAISSON_ASSIGN(const cgroup::Manager manager, CgroupOf(record));
  // With init gone its pid namespace is empty. Whoever shared another one is still there, and so
  // may be an init whose creator died before it could write down the pid.
  const bool is_empty = record.init_pid > 0 && HasOwnPidNamespace(record);
  if (!is_empty) CAISSON_TRY(manager.KillAll(deadline));
  Status removed = manager.Remove(deadline);
  if (!removed && removed.error().sys_errno() == EBUSY) {
    CAISSON_TRY(manager.KillAll(deadline));
    removed = manager.Remove(deadline);
  }
  if (removed) CAISSON_TRACE(cgroup_remove, record.id);
  return removed;
}

Status RemoveResctrlGroups(const state::Record& record) {
  for (const std::string& group : record.resctrl_groups) {
    if (::rmdir(group.c_str()) < 0 && errno != ENOENT) return SysError("rmdir", group);
  }
  return Ok();
}

// A mount's id means something in this boot alone.
Status RemoveHostRoot(const state::Record& record) {
  if (record.mount_below_root == 0) return Ok();
  CAISSON_ASSIGN(const std::string boot_id, state::ReadBootId());
  if (record.boot_id != boot_id) return Ok();
  return DetachHostRoot(record.rootfs, record.mount_below_root);
}

}  // namespace

Status Destroy(state::Directory directory, const state::Record& record, PoststopHooks hooks,
               Deadline deadline) {
  CAISSON_TRY(KillInit(WithDraftedInit(directory, record), deadline));
  CAISSON_TRY(RemoveCgroup(record, deadline));
  CAISSON_TRY(RemoveResctrlGroups(record));
  CAISSON_TRY(RemoveHostRoot(record));
  const std::string state = state::OciStateJson(record, ContainerStatus::kStopped);
  CAISSON_TRY(std::move(directory).Remove());
  CAISSON_TRACE(delete_done, record.id);
  if (hooks == PoststopHooks::kSkip || record.poststop.empty()) return Ok();
  // Source: runtime-spec runtime.md, lifecycle: poststop failures are warnings.
  for (const Error& error : process::RunAllHooks("poststop", record.poststop, state, record.bundle))
    Log(LogLevel::kWarning, error.ToString());
  return Ok();
}

}  // namespace caisson::container
