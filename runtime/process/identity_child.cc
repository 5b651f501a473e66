// SPDX-License-Identifier: Apache-2.0
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/process/identity.h"

namespace caisson::process {

// The system calls themselves: the C library's wrappers would signal every thread to follow.
StepFailure ApplyIdentity(const Identity& identity) noexcept {
  const auto failed = [](IdentityStep step) {
    return StepFailure{errno, static_cast<std::size_t>(step)};
  };
  if (identity.sets_groups && ::syscall(SYS_setgroups, identity.group_count, identity.groups) != 0)
    return failed(IdentityStep::kGroups);
  if (::syscall(SYS_setresgid, identity.gid, identity.gid, identity.gid) != 0)
    return failed(IdentityStep::kGid);
  if (::syscall(SYS_setresuid, identity.uid, identity.uid, identity.uid) != 0)
    return failed(IdentityStep::kUid);
  ::umask(identity.umask);
  return {};
}

void GiveStdioTo(uid_t uid) noexcept {
  if (uid == 0) return;
  for (int fd = 0; fd <= 2; ++fd) {
    struct stat info {};
    struct statfs where {};
    if (::fstat(fd, &info) != 0 || !S_ISFIFO(info.st_mode) || info.st_uid == uid) continue;
    if (::fstatfs(fd, &where) != 0 || where.f_type != PIPEFS_MAGIC) continue;
    // Best effort: an owner that this user namespace does not map cannot be changed.
    if (::fchown(fd, uid, static_cast<gid_t>(-1)) != 0) continue;
  }
}

}  // namespace caisson::process
