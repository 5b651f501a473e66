// SPDX-License-Identifier: Apache-2.0
// Phases up to the gate: the container comes into being.
#include <fcntl.h>
#include <linux/openat2.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/proc_file.h"
#include "runtime/base/trace.h"
#include "runtime/launch/phases_child.h"
#include "runtime/process/attributes.h"
#include "runtime/process/namespace_trace.h"
#include "runtime/rootfs/proc_handle_child.h"
#include "runtime/rootfs/rootfs_child.h"
#include "runtime/sync/sync_child.h"

namespace caisson::launch {
namespace {

constexpr StepFailure kDone{};

StepFailure Failed(int sys_errno, std::size_t item = 0) noexcept {
  return {.sys_errno = sys_errno, .item = item};
}
StepFailure Failed(int sys_errno, SystemStep step) noexcept {
  return Failed(sys_errno, static_cast<std::size_t>(step));
}

// A new network namespace has its loopback down; programs expect 127.0.0.1 to be there.
int RaiseLoopback() noexcept {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return errno;
  ifreq request{};
  std::memcpy(request.ifr_name, "lo", sizeof "lo");
  request.ifr_flags = IFF_UP | IFF_RUNNING;
  // The socket stays until execve, or the close_range(2) before it: it is the container's own.
  return ::ioctl(socket, SIOCSIFFLAGS, &request) < 0 ? errno : 0;
}

int OpenDevpts(const InitState& state) noexcept {
  if (state.view.rootfs != nullptr) {
    const int planned = rootfs::DevptsRoot(state.rootfs);
    if (planned >= 0) return planned;
  }
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, AT_FDCWD, "/dev/pts", &how, sizeof how));
}

// The parent joins cgroups, writes id maps and writes down the pid.
StepFailure AwaitPlace(InitState& state) noexcept {
  int host_pid = 0;
  const int err = sync::AwaitInChild(state.sync_fd, sync::Type::kContinue, &host_pid);
  // The parent died or gave up: it knows why, and there is nobody to tell.
  if (err == EPIPE) ::_exit(1);
  if (TraceIsOn()) SetTracePid(host_pid);
  return err == 0 ? EnterCgroups(state) : Failed(err);
}

// The host's procfs is still in view. 0 when it is not.
pid_t OwnHostPid() noexcept {
  char text[16];
  const ssize_t size = ::readlink("/proc/self", text, sizeof text);
  pid_t pid = 0;
  for (ssize_t i = 0; i < size; ++i) pid = pid * 10 + (text[i] - '0');
  return pid;
}

StepFailure OfTerminal(process::TerminalFailure failure) noexcept {
  return Failed(failure.sys_errno, static_cast<std::size_t>(failure.step));
}

}  // namespace

StepFailure EnterCgroups(InitState& state) noexcept {
  cgroup::JoinView& cgroups = state.view.cgroups;
  if (cgroups.count == 0) return kDone;
  StepFailure joined = cgroup::JoinCgroups(cgroups);
  if (!joined.ok()) {
    joined.item += kJoinCgroup;
    return joined;
  }
  cgroup::CloseJoinFiles(cgroups);
  cgroups.count = 0;
  if (state.view.kind == InitView::Kind::kExec)
    CAISSON_TRACE(exec_joined, cgroups.name);
  else
    CAISSON_TRACE(cgroup_join, cgroups.name);
  return kDone;
}

StepFailure WaitParent(InitState& state) noexcept {
  if (!state.view.waits_late) return AwaitPlace(state);
  // Lines of a trace show the host's pid, which the parent has not told yet.
  if (TraceIsOn()) SetTracePid(OwnHostPid());
  return kDone;
}

StepFailure WaitParentLate(InitState& state) noexcept {
  // Who is started by its parent is told to start only when it is placed.
  return state.view.waits_late && state.view.gate_fd >= 0 ? AwaitPlace(state) : kDone;
}

StepFailure Join(InitState& state) noexcept {
  // Nobody who is already in the container may trace this process and take what it has open.
  if (const int err = process::MakeNonDumpable(); err != 0) return Failed(err, 1000);
  if (state.view.join_count == 0) return kDone;
  return process::JoinNamespaces(state.view.joins, state.view.join_count);
}

StepFailure BecomeNamespaceRoot(InitState& state) noexcept {
  if (!state.view.in_user_namespace) return kDone;
  // The raw calls: the wrappers of the C library would signal threads that are not there.
  if (::syscall(SYS_setresgid, 0, 0, 0) < 0) return Failed(errno, 1);
  if (::syscall(SYS_setresuid, 0, 0, 0) < 0) return Failed(errno, 2);
  // Ids changed, so the kernel made it traceable again for its new owner.
  return Failed(process::MakeNonDumpable(), 3);
}

// Returns errno.
int LabelKeyring(const security::LsmWrite& write) noexcept {
  if (write.file == nullptr) return 0;
  const int proc = rootfs::OpenProcHandle(nullptr);
  if (proc < 0) return errno;
  const int err = WriteProcFile(proc, write.file, write.value, write.size);
  ::close(proc);
  return err;
}

StepFailure StartSession(InitState& state) noexcept {
  // Fails only for a process group leader, which one just cloned into a pid namespace may be.
  if (::setsid() < 0 && errno != EPERM) return Failed(errno, 0);
  if (const int err = process::ResetSignals(); err != 0) return Failed(err, 1);
  if (state.view.keyring != nullptr) {
    if (const int refused = LabelKeyring(state.view.lsm.keyring); refused != 0)
      return Failed(refused, kSessionKeyringLabel);
    const int err = process::JoinSessionKeyring(
        state.view.keyring, state.view.in_user_namespace ? process::KeyringSearch::kAnyone
                                                         : process::KeyringSearch::kOwner);
    // No keyrings in this kernel, or the quota is used up: the container then keeps the caller's.
    if (err != 0 && err != ENOSYS && err != EDQUOT) return Failed(err, 2);
  }
  if (state.view.unshare_cgroup) {
    // After the cgroup was joined: what it is in now becomes the root that the container sees.
    const process::NamespaceSnapshot before;
    if (::unshare(CLONE_NEWCGROUP) < 0) return Failed(errno, 3);
    before.TraceUnshare(CLONE_NEWCGROUP);
  }
  return kDone;
}

StepFailure PrepareRoot(InitState& state) noexcept {
  if (state.view.rootfs == nullptr) return kDone;
  return rootfs::PrepareRoot(state.rootfs);
}

StepFailure MakeMounts(InitState& state) noexcept {
  if (state.view.rootfs == nullptr) return kDone;
  state.rootfs.ask_fd = state.sync_fd;
  const StepFailure made = rootfs::MakeMounts(state.rootfs);
  if (made.ok()) CAISSON_TRACE(start_3, "mounts");
  return made;
}

StepFailure WaitRuntimeHooks(InitState& state) noexcept {
  if (!state.view.runtime_hooks) return kDone;
  if (const int err = sync::SendFromChild(state.sync_fd, sync::Type::kHooksWanted); err != 0)
    return Failed(err);
  const int err = sync::AwaitInChild(state.sync_fd, sync::Type::kHooksDone);
  if (err == EPIPE) ::_exit(1);
  return Failed(err);
}

StepFailure RunContainerHooks(InitState& state) noexcept {
  if (state.view.container_hooks.count == 0) return kDone;
  process::ChildHooksView hooks = state.view.container_hooks;
  if (state.view.rootfs != nullptr) hooks.cwd_fd = state.rootfs.root_fd;
  return process::RunChildHooks(hooks);
}

// The last close of the program's clone would wait for an RCU grace period, as umount2(2) of the
// old root does. Attached there, over any file that there is, it goes in the same wait. Nothing is
// looked up in the old root any more.
void LeaveSealBehind(const InitState& state) noexcept {
  const int seal = state.view.seal_fd;
  if (seal < 0) return;
  if (state.view.rootfs != nullptr && state.rootfs.turn == rootfs::RootTurn::kPivot &&
      ::move_mount(seal, "", AT_FDCWD, "/proc/version", MOVE_MOUNT_F_EMPTY_PATH) == 0)
    return;
  ::close(seal);
}

StepFailure TurnRoot(InitState& state) noexcept {
  LeaveSealBehind(state);
  if (state.view.rootfs == nullptr) return kDone;
  return rootfs::TurnRoot(state.rootfs);
}

// After the turn, so that every path is the container's; before paths are protected, because
// /dev/console may have to be made.
StepFailure MakeConsole(InitState& state) noexcept {
  if (!state.view.terminal.wanted) return kDone;
  const int devpts = OpenDevpts(state);
  if (devpts < 0) return Failed(errno, static_cast<std::size_t>(process::TerminalStep::kOpenPtmx));
  const process::Terminal terminal = process::OpenTerminal(devpts, state.view.terminal);
  if (!terminal.failure.ok()) return OfTerminal(terminal.failure);
  if (state.view.kind == InitView::Kind::kInit && state.view.rootfs != nullptr) {
    const int root = ::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root < 0)
      return Failed(errno, static_cast<std::size_t>(process::TerminalStep::kMountTarget));
    const process::TerminalFailure mounted = process::MountConsole(root, terminal.slave);
    ::close(root);
    if (!mounted.ok()) return OfTerminal(mounted);
  }
  const process::TerminalFailure attached = process::AttachTerminal(terminal.slave);
  if (!attached.ok()) return OfTerminal(attached);
  process::TerminalFailure sent;
  if (state.view.console_socket >= 0) {
    sent = process::SendTerminal(state.view.console_socket, terminal.master);
  } else {
    sent.step = process::TerminalStep::kSend;
    sent.sys_errno = sync::SendFromChild(state.sync_fd, sync::Type::kConsole, 0, terminal.master);
  }
  ::close(terminal.master);
  return OfTerminal(sent);
}

StepFailure Protect(InitState& state) noexcept {
  if (state.view.rootfs == nullptr) return kDone;
  return rootfs::ProtectRoot(state.rootfs);
}

StepFailure SetUpSystem(InitState& state) noexcept {
  const InitView& view = state.view;
  if (view.hostname != nullptr && ::sethostname(view.hostname, view.hostname_size) < 0)
    return Failed(errno, SystemStep::kHostname);
  if (view.domainname != nullptr && ::setdomainname(view.domainname, view.domainname_size) < 0)
    return Failed(errno, SystemStep::kDomainname);
  if (view.loopback_up) {
    if (const int err = RaiseLoopback(); err != 0) return Failed(err, SystemStep::kLoopback);
  }
  if (view.sysctl_count == 0) return kDone;
  const int proc = rootfs::OpenProcHandle(view.rootfs != nullptr ? &state.rootfs : nullptr);
  if (proc < 0) return Failed(errno, SystemStep::kSysctl);
  StepFailure set = process::ApplySysctls(proc, view.sysctls, view.sysctl_count);
  ::close(proc);
  if (!set.ok()) set.item += static_cast<std::size_t>(SystemStep::kSysctl);
  return set;
}

StepFailure Schedule(InitState& state) noexcept {
  if (!state.view.keeps_affinity) process::ResetAffinity();
  if (state.view.scheduling == nullptr) return kDone;
  return process::ApplyScheduling(*state.view.scheduling);
}

}  // namespace caisson::launch
