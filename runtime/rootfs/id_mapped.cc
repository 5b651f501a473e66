// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/id_mapped.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/process.h"

namespace caisson::rootfs {
namespace {

std::string MapText(const std::vector<spec::IdMapping>& mappings) {
  std::string text;
  for (const spec::IdMapping& map : mappings)
    text.append(StrCat(map.container_id, ' ', map.host_id, ' ', map.size, '\n'));
  return text;
}

// A child in a new user namespace that does nothing until it is killed.
Result<ChildGuard> StartHolder() {
  int pidfd = -1;
  clone_args args{};
  args.flags = CLONE_NEWUSER | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  args.exit_signal = SIGCHLD;
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid < 0) return SysError("clone3", "user namespace of an id-mapped mount");
  if (pid == 0) {
    while (true) ::syscall(SYS_pause);
  }
  return ChildGuard(Pidfd(UniqueFd(pidfd), static_cast<pid_t>(pid)));
}

}  // namespace

Result<UniqueFd> MakeMappingNamespace(const std::vector<spec::IdMapping>& uids,
                                      const std::vector<spec::IdMapping>& gids) {
  if (uids.empty() || gids.empty())
    return Error(Code::kInvalidSpec, "an id-mapped mount needs uidMappings and gidMappings");
  CAISSON_ASSIGN(const ChildGuard holder, StartHolder());
  const std::string proc = StrCat("/proc/", holder.child().host_pid());
  CAISSON_ASSIGN(const UniqueFd dir, OpenAt(kCwd, proc, O_PATH | O_DIRECTORY));
  CAISSON_TRY(WriteFileAt(dir, "uid_map", MapText(uids)), "uidMappings");
  CAISSON_TRY(WriteFileAt(dir, "gid_map", MapText(gids)), "gidMappings");
  return OpenAt(dir, "ns/user", O_RDONLY);
}

Status MapIds(FdView tree, FdView user_namespace, bool recursive, std::string_view shown_as) {
  mount_attr attributes{};
  attributes.attr_set = MOUNT_ATTR_IDMAP;
  attributes.userns_fd = static_cast<std::uint64_t>(user_namespace.get());
  const unsigned flags = AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0U);
  if (::mount_setattr(tree.get(), "", flags, &attributes, sizeof attributes) == 0) return Ok();
  Error error = SysError("mount_setattr idmap", shown_as);
  if (error.sys_errno() == EINVAL)
    return std::move(error).Hint(
        "take a source on a file system that supports id-mapped mounts (ext4, xfs, btrfs, tmpfs "
        "since Linux 6.3), or drop idmap");
  if (error.sys_errno() == EPERM)
    return std::move(error).Hint("take a source that is not id-mapped already");
  return error;
}

}  // namespace caisson::rootfs
