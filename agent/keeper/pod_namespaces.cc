// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/pod_namespaces.h"

#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <algorithm>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace caisson::keeper {
namespace {

using keeper_client::KeeperConfig;

// "net.ipv4.ip_forward" and "net/ipv4/ip_forward" as the file's path. Dots after the first slash
// belong to names (interfaces may have them). Source: sysctl.d(5).
Result<std::string> SysctlPath(const std::string& name) {
  std::string path = name;
  if (name.find('/') == std::string::npos) std::replace(path.begin(), path.end(), '.', '/');
  if (path.empty() || path.front() == '/' || path.find("..") != std::string::npos)
    return Error(Code::kInvalidSpec, StrCat("sysctl \"", name, "\": not a sysctl name"));
  return StrCat("/proc/sys/", path);
}

Status SetSysctls(const KeeperConfig& config) {
  for (const auto& [name, value] : config.sysctls) {
    CAISSON_ASSIGN(const std::string path, SysctlPath(name));
    CAISSON_TRY(WriteFileAt(kCwd, path, value), "sysctl \"", name, "\"");
  }
  return Ok();
}

// PID 1 of the pod: orphans of all containers end up with it. It ignores SIGCHLD, so the kernel
// reaps for it. It ends with the keeper: by the death signal, or by the end of `keeper_lives` when
// the keeper died before that was set.
[[noreturn]] void Reap(int keeper_lives) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::prctl(PR_SET_NAME, "pod-reaper");
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignore, nullptr);
  if (::dup2(keeper_lives, 0) < 0 || ::syscall(SYS_close_range, 1U, ~0U, 0U) < 0) ::_exit(1);
  char nothing = 0;
  while (::read(0, &nothing, 1) < 0 && errno == EINTR) {
  }
  ::_exit(0);
}

Result<ChildGuard> StartReaper() {
  int raw[2];
  if (::pipe2(raw, O_CLOEXEC) < 0) return SysError("pipe", "reaper");
  const UniqueFd read_end(raw[0]);
  UniqueFd write_end(raw[1]);
  // From here on children of this process, containers included, are born into the new namespace;
  // the first of them is its PID 1.
  if (::unshare(CLONE_NEWPID) < 0) return SysError("unshare", "pid namespace");
  const pid_t pid = ::fork();
  if (pid < 0) return SysError("fork", "reaper");
  if (pid == 0) Reap(read_end.get());
  CAISSON_ASSIGN(Pidfd reaper, Pidfd::Open(pid));
  (void)write_end.Release();  // open for as long as this process lives: that is its meaning
  return ChildGuard(std::move(reaper));
}

// POSIX shared memory belongs to the pod like its ipc namespace does. In a mount namespace of this
// keeper's own, which is as small as the one it came from.
Status MountShm() {
  if (::unshare(CLONE_NEWNS) < 0) return SysError("unshare", "mount namespace");
  constexpr unsigned long kFlags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
  if (::mount("shm", keeper_client::kShmPath, "tmpfs", kFlags, "mode=1777,size=65536k") < 0)
    return SysError("mount", "/dev/shm of the pod");
  return Ok();
}

Result<std::uint64_t> InodeOf(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) < 0) return SysError("stat", path);
  return static_cast<std::uint64_t>(info.st_ino);
}

}  // namespace

Result<PodNamespaces> EnterPodNamespaces(const KeeperConfig& config) {
  PodNamespaces made;
  int flags = config.host_network ? 0 : CLONE_NEWNET | CLONE_NEWUTS;
  if (!config.host_ipc) flags |= CLONE_NEWIPC;
  if (::unshare(flags) < 0) return SysError("unshare", "network, ipc and uts namespaces");
  if (!config.host_network) {
    if (::sethostname(config.hostname.data(), config.hostname.size()) < 0)
      return SysError("sethostname", config.hostname);
    CAISSON_ASSIGN(made.net, OpenAt(kCwd, "/proc/self/ns/net", O_RDONLY));
  }
  if (!config.host_ipc) CAISSON_TRY(MountShm());
  CAISSON_TRY(SetSysctls(config));
  if (config.share_process_namespace) {
    CAISSON_ASSIGN(made.reaper, StartReaper());
  }
  return made;
}

Result<keeper_client::KeeperInfo> Describe(const KeeperConfig& config,
                                           const PodNamespaces& namespaces) {
  keeper_client::KeeperInfo info;
  info.host_pid = ::getpid();
  info.pod_uid = config.pod_uid;
  CAISSON_ASSIGN(const std::string boot_id, ReadFile("/proc/sys/kernel/random/boot_id"));
  info.boot_id = Trim(boot_id);
  CAISSON_ASSIGN(info.net_inode, InodeOf("/proc/self/ns/net"));
  CAISSON_ASSIGN(info.ipc_inode, InodeOf("/proc/self/ns/ipc"));
  CAISSON_ASSIGN(info.uts_inode, InodeOf("/proc/self/ns/uts"));
  if (namespaces.reaper.child().valid()) {
    CAISSON_ASSIGN(info.pid_inode, InodeOf("/proc/self/ns/pid_for_children"));
  }
  return info;
}

}  // namespace caisson::keeper
