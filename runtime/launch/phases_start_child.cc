// SPDX-License-Identifier: Apache-2.0
// Phases from the gate on: init becomes the user's program.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/trace.h"
#include "runtime/launch/phases_child.h"
#include "runtime/process/attributes.h"
#include "runtime/rootfs/proc_handle_child.h"
#include "runtime/sync/sync_child.h"

namespace caisson::launch {
namespace {

constexpr StepFailure kDone{};

StepFailure Failed(int sys_errno, std::size_t item = 0) noexcept {
  return {.sys_errno = sys_errno, .item = item};
}
template <class Step>
StepFailure Below(StepFailure failure, Step step) noexcept {
  failure.item += static_cast<std::size_t>(step);
  return failure;
}
template <class Step>
StepFailure Failed(int sys_errno, Step step) noexcept {
  return Failed(sys_errno, static_cast<std::size_t>(step));
}

// Waits for `start` to connect and to say so. One that connects and goes away is forgotten. The
// connection stands at `lowest` or above: the numbers below are the program's.
int AwaitStarter(int gate_fd, int lowest) noexcept {
  while (true) {
    int starter = ::accept4(gate_fd, nullptr, nullptr, SOCK_CLOEXEC);
    if (starter < 0 && (errno == EINTR || errno == ECONNABORTED)) continue;
    if (starter >= 0 && starter < lowest) {
      const int low = starter;
      starter = ::fcntl(low, F_DUPFD_CLOEXEC, lowest);
      ::close(low);
    }
    if (starter < 0) return -1;
    if (sync::AwaitInChild(starter, sync::Type::kStart) == 0) return starter;
    ::close(starter);
  }
}

// As late as it can be told, so that a starter knows an init that was killed on the way from one
// that became the program and has ended since: the parent may have reaped either. It was told to
// start, so it goes on for a starter that died meanwhile too.
void TellStarter(const InitState& state) noexcept {
  if (state.view.gate_fd >= 0) (void)sync::SendFromChild(state.sync_fd, sync::Type::kStarting);
}

// The kernel drops signals that the first process of a pid namespace does not handle, so a created
// container could not be ended by SIGTERM. execve(2) takes the handlers away again.
void EndOnRequest() noexcept {
  struct sigaction action {};
  action.sa_handler = [](int signal) { ::_exit(128 + signal); };
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaction(signal, &action, nullptr);
}

}  // namespace

// Here and not at execve, so that `create` already fails for a program that is not there.
StepFailure Resolve(InitState& state) noexcept {
  if (!state.view.has_program) return kDone;
  const process::Executable found = process::ResolveExecutable(state.view.exec);
  if (found.sys_errno != 0) return Failed(found.sys_errno);
  state.program = found.path;
  process::FillHome(state.view.exec);
  return kDone;
}

StepFailure WaitAtGate(InitState& state) noexcept {
  CAISSON_TRACE(create_9, "gate");
  if (state.view.gate_fd >= 0) {
    CloseUnneeded(state);
    EndOnRequest();
  }
  if (const int err = sync::SendFromChild(state.sync_fd, sync::Type::kCreated); err != 0) {
    if (err == EPIPE) ::_exit(1);
    return Failed(err);
  }
  if (state.view.gate_fd < 0) {
    const int err = sync::AwaitInChild(state.sync_fd, sync::Type::kStart);
    if (err == EPIPE) ::_exit(1);
    return err == 0 ? EnterCgroups(state) : Failed(err);
  }
  // The creator goes away now; from here on failures are the starter's to hear.
  ::close(state.sync_fd);
  const int starter = AwaitStarter(state.view.gate_fd, 3 + static_cast<int>(state.view.preserved));
  if (starter < 0) ::_exit(1);
  ::close(state.view.gate_fd);
  state.sync_fd = starter;
  return kDone;
}

StepFailure RunStartHooks(InitState& state) noexcept {
  if (state.view.start_hooks.count == 0) return kDone;
  // The image's programs, so what names no environment gets that of the image's process.
  process::ChildHooksView hooks = state.view.start_hooks;
  if (state.view.has_program) hooks.default_envp = state.view.exec.envp;
  return process::RunChildHooks(hooks);
}

StepFailure SetLabels(InitState& state) noexcept {
  if (state.view.lsm.count == 0) {
    CAISSON_TRACE(start_5, "no label");
    return kDone;
  }
  const int proc = rootfs::OpenProcHandle(state.view.rootfs != nullptr ? &state.rootfs : nullptr);
  if (proc < 0) return Failed(errno);
  const StepFailure set = security::ApplyLsm(proc, state.view.lsm);
  ::close(proc);
  if (set.ok()) CAISSON_TRACE(start_5, "label");
  return set;
}

StepFailure SetLimits(InitState& state) noexcept {
  return process::ApplyRlimits(0, state.view.rlimits, state.view.rlimit_count);
}

StepFailure BecomeUser(InitState& state) noexcept {
  const InitView& view = state.view;
  const StepFailure bounded = security::DropBounding(view.capabilities);
  if (!bounded.ok()) return Below(bounded, UserStep::kBounding);
  // Who stays root keeps them anyway.
  if (view.identity.uid != 0) {
    if (const int err = security::KeepCapabilities(); err != 0) return Failed(err, UserStep::kKeep);
  }
  process::GiveStdioTo(view.identity.uid);
  const StepFailure changed = process::ApplyIdentity(view.identity);
  if (!changed.ok()) return Below(changed, UserStep::kIdentity);
  // Loading a filter takes no_new_privs or CAP_SYS_ADMIN, which then goes right after it.
  const bool needs_admin = view.seccomp.instructions > 0 && !view.no_new_privileges;
  const StepFailure reduced = security::ApplyCapabilities(
      needs_admin ? security::WithAdmin(view.capabilities) : view.capabilities);
  if (!reduced.ok()) return Below(reduced, UserStep::kCapabilities);
  CAISSON_TRACE(start_4, "capabilities and user");
  return kDone;
}

// As the root of the namespace first, as runc does it, so that a directory that only root can reach
// works; where root is the one that is kept out (NFS), the user tries again.
StepFailure EnterWorkDir(InitState& state) noexcept {
  const int err = process::EnterCwd(state.view.exec);
  state.in_work_dir = err == 0;
  return err == EACCES ? kDone : Failed(err);
}

StepFailure EnterWorkDirAsUser(InitState& state) noexcept {
  return state.in_work_dir ? kDone : Failed(process::EnterCwd(state.view.exec));
}

StepFailure PlaceDescriptors(InitState& state) noexcept {
  const InitView& view = state.view;
  // The parent has moved every source out of the way of every target, so no order can go wrong.
  for (int standard = 0; standard < 3 && !view.terminal.wanted; ++standard) {
    if (view.stdio[standard] == standard) continue;
    if (::dup2(view.stdio[standard], standard) < 0) return Failed(errno, std::size_t(standard));
  }
  for (std::size_t i = 0; i < view.extra_count; ++i) {
    if (::dup2(view.extra_fds[i], static_cast<int>(3 + i)) < 0) return Failed(errno, 3 + i);
  }
  return Failed(process::CloseOnExecFrom(3 + view.preserved), std::size_t{1000});
}

StepFailure Filter(InitState& state) noexcept {
  const InitView& view = state.view;
  if (view.no_new_privileges) {
    if (const int err = security::SetNoNewPrivileges(); err != 0)
      return Failed(err, SeccompStep::kNoNewPrivileges);
  }
  // The last point that can be told: the filter may forbid write(2).
  CAISSON_TRACE(start_6, state.program);
  if (view.seccomp.instructions == 0) return kDone;
  TellStarter(state);  // the filter may forbid that too
  sync::Message with_listener;
  with_listener.type = sync::Type::kSeccompNotify;
  const security::ListenerHandover handover = {
      .socket = state.sync_fd, .message = &with_listener, .size = sizeof with_listener};
  if (const int err = security::LoadSeccomp(view.seccomp, handover); err != 0)
    return Failed(err, SeccompStep::kFilter);
  if (view.no_new_privileges) return kDone;
  const StepFailure reduced = security::ReduceCapabilities(view.capabilities);
  return reduced.ok() ? kDone : Below(reduced, SeccompStep::kCapabilities);
}

StepFailure Execute(InitState& state) noexcept {
  if (state.view.seccomp.instructions == 0) TellStarter(state);
  return Failed(process::Execute(state.view.exec, state.program));
}

}  // namespace caisson::launch
