// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/spec/seccomp.h"

namespace caisson::security {

// What the child loads: an array of struct sock_filter and the flags of seccomp(2). Plain data that
// points into a SeccompFilter.
struct SeccompView {
  const void* program = nullptr;
  std::uint16_t instructions = 0;  // 0: no filter
  std::uint32_t flags = 0;         // SECCOMP_FILTER_FLAG_*
};

// A profile compiled for this machine.
struct SeccompFilter {
  std::string program;               // bytes of struct sock_filter, host order
  std::uint32_t flags = 0;           // SECCOMP_FILTER_FLAG_*, with NEW_LISTENER when it notifies
  bool notifies = false;             // a listener has to be handed to profile.listener_path
  std::vector<std::string> unknown;  // system calls without a number here; empty from the cache
  SeccompView view() const;
};

// A profile as a BPF program: rules in the profile's order, unknown system calls skipped, and ahead
// of all of it ENOSYS for system calls newer than any that the profile names for that architecture
// (as runc; programs then fall back instead of failing with EPERM).
// Errors: kInvalidSpec naming the member ("linux.seccomp.syscalls[3].args[0].op: ...").
// Source: runtime-spec 1.3, config-linux.md, seccomp; seccomp(2); seccomp_rule_add(3).
Result<SeccompFilter> CompileSeccomp(const spec::Seccomp& profile);

// The same, from `cache_dir` when it was compiled before. A cache file holds the whole profile
// beside its program and is used only when the profile is equal byte for byte, the checksum holds,
// and it is a regular file of this user that nobody else can write. The directory is made with
// mode 0700. A cache that cannot be read or written only costs time.
Result<SeccompFilter> CompileSeccompCached(const spec::Seccomp& profile,
                                           const std::string& cache_dir);

// The fields that `features` reports.
std::vector<std::string_view> SeccompActions();
std::vector<std::string_view> SeccompOperators();
std::vector<std::string_view> SeccompArchitectures();
std::vector<std::string_view> SeccompFlags();

// The container process state: {"ociVersion","fds":["seccompFd"],"pid","metadata","state"}.
// `state_json` is the container's state object, as it is given to hooks.
// Source: runtime-spec 1.3, config-linux.md, "The Container Process State".
std::string ContainerProcessState(pid_t host_pid, std::string_view metadata,
                                  std::string_view state_json);

// The library's version, "2.5.4".
std::string LibseccompVersion();

// Connects to profile.listener_path and hands the listener over, with that text in one message.
Status SendSeccompListener(const std::string& listener_path, FdView listener,
                           std::string_view container_process_state);

Error ExplainSeccomp(const SeccompFilter& filter, int sys_errno);

// How the child hands a listener to its parent: one packet on the sync socket. Plain data.
struct ListenerHandover {
  int socket = -1;
  const void* message = nullptr;
  std::size_t size = 0;
};

// Child zone. Loads the filter: the last thing before execve(2). Needs no_new_privs or
// CAP_SYS_ADMIN. When the filter notifies, `handover.message` has gone to the parent, with the
// listener, by the time this returns; the calling thread itself makes no system call after
// seccomp(2), so a profile may notify or deny whatever it likes. Returns errno.
int LoadSeccomp(const SeccompView& view, const ListenerHandover& handover = {}) noexcept;
// Child zone: prctl(PR_SET_NO_NEW_PRIVS). Returns errno.
int SetNoNewPrivileges() noexcept;

}  // namespace caisson::security
