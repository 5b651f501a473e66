// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <vector>

#include "runtime/base/child_zone.h"
#include "runtime/base/error.h"
#include "runtime/spec/process.h"

namespace caisson::process {

// Who the process is. Plain data, read by the child; `groups` points into the configuration.
struct Identity {
  uid_t uid = 0;
  gid_t gid = 0;
  const gid_t* groups = nullptr;
  std::size_t group_count = 0;
  bool sets_groups = true;  // false where the user namespace forbids setgroups(2)
  mode_t umask = 0022;
};

// Whether setgroups(2) is open to the container: not with an unprivileged user namespace. Kept: the
// caller's groups stay, whatever the configuration lists.
enum class SetGroups { kAllowed, kDenied, kKept };

// `user` must outlive the answer.
// Errors: kInvalidSpec for ids of 2^32-1 (which mean "no change"), a umask over 0777, and
// additional groups where they cannot be set.
Result<Identity> PlanIdentity(const spec::User& user, SetGroups set_groups);

Error ExplainIdentity(const Identity& identity, const StepFailure& failure);

// Child zone, all below.

// setgroups, setresgid, setresuid and umask; `item` is an IdentityStep.
enum class IdentityStep : std::size_t { kGroups, kGid, kUid };
StepFailure ApplyIdentity(const Identity& identity) noexcept;

// Gives nameless pipes among 0, 1 and 2 to the user, so that /dev/stdout can be opened again.
// Never a device and never a file with a name: those are not ours (the host's /dev/null).
void GiveStdioTo(uid_t uid) noexcept;

}  // namespace caisson::process
