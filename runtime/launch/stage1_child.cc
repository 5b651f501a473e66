// SPDX-License-Identifier: Apache-2.0
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/trace.h"
#include "runtime/launch/clone.h"
#include "runtime/launch/init_child.h"
#include "runtime/launch/phases_child.h"
#include "runtime/process/namespaces.h"
#include "runtime/sync/sync_child.h"

namespace caisson::launch {
namespace {

using sync::Phase;

int BecomeRoot() noexcept {
  // The raw calls: the wrappers of the C library would signal threads that are not there.
  if (::syscall(SYS_setresgid, 0, 0, 0) < 0 || ::syscall(SYS_setresuid, 0, 0, 0) < 0) return errno;
  return 0;
}

}  // namespace

void RunStage1(const Stage1View& stage1, InitView& view) noexcept {
  CAISSON_TRACE(create_7, "stage 1");
  if (view.lock_fd >= 0) ::close(view.lock_fd);
  if (view.parent_fd >= 0) ::close(view.parent_fd);
  if (view.seal_fd >= 0) ::close(view.seal_fd);
  view.lock_fd = -1;
  view.parent_fd = -1;
  view.seal_fd = -1;
  const auto die = [&view](int err, std::size_t item) {
    sync::DieInChild(view.sync_fd, Phase::kStage1, {.sys_errno = err, .item = item});
  };
  int offsets = -1;
  if (stage1.time_offsets != nullptr) {
    offsets = process::OpenTimeOffsets(stage1.proc_fd);
    if (offsets < 0) die(-offsets, kStage1Time);
  }
  const StepFailure joined = process::JoinNamespaces(stage1.joins, stage1.join_count);
  if (!joined.ok()) sync::DieInChild(view.sync_fd, Phase::kStage1, joined);
  if (stage1.in_user_namespace) {
    if (const int err = BecomeRoot(); err != 0) die(err, kStage1Identity);
  }
  if (stage1.unshare_user) {
    if (const int err = process::UnshareUser(); err != 0) die(err, kStage1User);
  }
  if (stage1.time_offsets != nullptr) {
    const int err = process::UnshareTime(offsets, stage1.time_offsets, stage1.time_offsets_size);
    if (err != 0) die(err, kStage1Time);
    ::close(offsets);
  }
  // A sibling, so that whoever called the runtime is init's parent and learns its exit status.
  int pidfd = -1;
  const pid_t pid = Clone3(
      {.flags = stage1.clone_flags | CLONE_PARENT, .exit_signal = 0, .cgroup_fd = stage1.cgroup_fd},
      &pidfd);
  if (pid == 0) RunInit(view);
  if (pid < 0) die(errno, kStage1Clone);
  if (const int err = sync::SendFromChild(view.sync_fd, sync::Type::kPid, pid, pidfd); err != 0)
    ::_exit(1);
  ::_exit(0);
}

}  // namespace caisson::launch
