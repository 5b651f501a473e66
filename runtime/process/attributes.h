// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "runtime/base/error.h"

namespace caisson::process {

// Small traits of the container's process that need no plan of their own.

// Child zone, all below; each returns errno.

// Not traceable and with a root-owned /proc/PID until execve(2) resets it, so that a process that
// is already in the container cannot reach this one's descriptors (CVE-2016-9962).
int MakeNonDumpable() noexcept;

// /proc/self/oom_score_adj beneath a procfs root; before capabilities are dropped (lowering takes
// CAP_SYS_RESOURCE).
int SetOomScoreAdj(int proc_fd, std::int32_t score) noexcept;

// No signal blocked, and SIGPIPE not ignored: nothing of the runtime's own set-up is inherited by
// the program. Handlers go with execve(2) itself.
int ResetSignals() noexcept;

// Every descriptor from `first` on is closed by execve(2).
// Source: close_range(2), CLOSE_RANGE_CLOEXEC, since 5.11.
int CloseOnExecFrom(unsigned first) noexcept;

// A session keyring of its own, named as runc names it ("_ses.ID"), so that the container sees
// none of the host's keys; an exec joins the one of that name. The container's user may search it:
// under a user namespace that is anybody, since the ids do not match. ENOSYS and EDQUOT are the
// caller's to judge.
enum class KeyringSearch { kOwner, kAnyone };
int JoinSessionKeyring(const char* name, KeyringSearch search = KeyringSearch::kOwner) noexcept;

// Parent.
Error ExplainOomScoreAdj(std::int32_t score, int sys_errno);
Error ExplainKeyring(int sys_errno);

}  // namespace caisson::process
