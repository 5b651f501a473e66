// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "runtime/cgroup/join.h"
#include "runtime/process/exec_block.h"
#include "runtime/process/hooks.h"
#include "runtime/process/identity.h"
#include "runtime/process/namespaces.h"
#include "runtime/process/rlimits.h"
#include "runtime/process/scheduling.h"
#include "runtime/process/sysctl.h"
#include "runtime/process/terminal.h"
#include "runtime/rootfs/mount_plan.h"
#include "runtime/security/capabilities.h"
#include "runtime/security/lsm.h"
#include "runtime/security/seccomp.h"

namespace caisson::launch {

// What the new process is told, as plain data: everything between clone3 and execve. A LaunchPlan
// owns the memory behind it; the child has its own copy and may write to it. Descriptors are
// numbers of the child, -1 when not there.
struct InitView {
  enum class Kind : std::uint8_t { kInit, kExec };
  Kind kind = Kind::kInit;

  int sync_fd = -1;
  int gate_fd = -1;  // listening socket where `start` knocks; -1: kStart comes over sync_fd

  int lock_fd = -1;    // closed first: a lock of the creator's that must not outlive it
  int parent_fd = -1;  // closed first: the other end of sync_fd, whose closing tells of its death
  int seal_fd = -1;    // what is left of the sealing, see self_exe.h

  // namespaces
  const process::NamespaceJoin* joins = nullptr;
  std::size_t join_count = 0;
  bool in_user_namespace = false;  // becomes its root
  bool waits_late = false;  // works while the parent prepares its place, which it takes at the gate
  bool unshare_cgroup = false;  // after the cgroup was joined, so that it is the root
  cgroup::JoinView cgroups;     // joined once the parent has prepared them

  const char* keyring = nullptr;  // null: keep the caller's

  // file system (kInit)
  const rootfs::RootfsView* rootfs = nullptr;  // null: no mount namespace of its own
  bool runtime_hooks = false;
  process::ChildHooksView container_hooks;
  process::ChildHooksView start_hooks;

  // system (kInit)
  const char* hostname = nullptr;
  std::size_t hostname_size = 0;
  const char* domainname = nullptr;
  std::size_t domainname_size = 0;
  bool loopback_up = false;
  const process::SysctlStep* sysctls = nullptr;
  std::size_t sysctl_count = 0;

  process::TerminalPlan terminal;
  int console_socket = -1;  // -1: the master goes over sync_fd

  const process::SchedulingPlan* scheduling = nullptr;  // null: nothing to set
  bool keeps_affinity = false;                          // the parent has chosen the CPUs
  security::LsmView lsm;
  const process::RlimitStep* rlimits = nullptr;
  std::size_t rlimit_count = 0;
  security::CapabilitySets capabilities;
  process::Identity identity;
  bool no_new_privileges = false;
  security::SeccompView seccomp;

  // descriptors: sources of 0, 1, 2 (ignored with a terminal) and of 3, 4, ...
  int stdio[3] = {0, 1, 2};
  const int* extra_fds = nullptr;
  std::size_t extra_count = 0;
  unsigned preserved = 0;  // how many from 3 on stay open

  bool has_program = true;  // false: created without process, never started
  process::ExecView exec;
};
static_assert(std::is_trivially_copyable_v<InitView>);

// What stage 1 is told: where to go before it clones init as a child of its own parent.
struct Stage1View {
  const process::NamespaceJoin* joins = nullptr;
  std::size_t join_count = 0;
  bool unshare_user = false;           // so that it owns the time namespace; else init is cloned so
  const char* time_offsets = nullptr;  // null: no new time namespace
  std::size_t time_offsets_size = 0;
  std::uint64_t clone_flags = 0;
  int proc_fd = -1;  // the host's /proc, for time offsets
  int cgroup_fd = -1;
  bool in_user_namespace = false;  // becomes root of the one it joined, to own what it makes
};

}  // namespace caisson::launch
