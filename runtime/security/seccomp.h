// SPDX-License-Identifier: Apache-2.0
#pragma once

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
  std::uint32_t flags = 0;           // SECCOMP_FILTER_FLAG_*, NEW_LISTENER when `notifies`
  bool notifies = false;             // LoadSeccomp returns a listener
  std::vector<std::string> unknown;  // system calls that this libseccomp has no number for
  SeccompView view() const;
};

// A profile as a BPF program: rules in the profile's order, unknown system calls skipped, and ahead
// of all of it ENOSYS for system calls newer than any that the profile names for that architecture
// (as runc; programs then fall back instead of failing with EPERM).
// Errors: kInvalidSpec naming the member ("linux.seccomp.syscalls[3].args[0].op: ...").
// Source: runtime-spec 1.3, config-linux.md, seccomp; seccomp(2); seccomp_rule_add(3).
Result<SeccompFilter> CompileSeccomp(const spec::Seccomp& profile);

// The same, from `cache_dir` when it was compiled before: a file named by the content's SHA-256
// (profile, machine, libseccomp, format). The directory is made with mode 0700. A file that is not
// a regular file of this user with mode 0600 and a matching checksum is never used; a cache that
// cannot be read or written only costs time.
Result<SeccompFilter> CompileSeccompCached(const spec::Seccomp& profile,
                                           const std::string& cache_dir);

// The fields that `features` reports.
std::vector<std::string_view> SeccompActions();
std::vector<std::string_view> SeccompOperators();
std::vector<std::string_view> SeccompArchitectures();
std::vector<std::string_view> SeccompFlags();

// Connects to profile.listener_path and hands the listener over, with the container process state
// as JSON in the same message. `state_json` is that object, made with ContainerProcessState.
// Source: runtime-spec 1.3, config-linux.md, "The Container Process State".
Status SendSeccompListener(const std::string& listener_path, FdView listener,
                           std::string_view container_process_state);

// The container process state: {"ociVersion","fds":["seccompFd"],"pid","metadata","state"}.
// `state_json` is the container's state object, as it is given to hooks.
std::string ContainerProcessState(int pid, std::string_view metadata, std::string_view state_json);

Error ExplainSeccomp(const SeccompFilter& filter, int sys_errno);

// Child zone. Loads the filter: the last thing before execve(2). Needs no_new_privs or
// CAP_SYS_ADMIN. Returns the listener's descriptor, 0 when the filter notifies nobody, else -errno.
int LoadSeccomp(const SeccompView& view) noexcept;
// Child zone: prctl(PR_SET_NO_NEW_PRIVS).
int SetNoNewPrivileges() noexcept;

}  // namespace caisson::security
