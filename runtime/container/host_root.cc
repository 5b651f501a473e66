// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/host_root.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>

namespace caisson::container {

Result<std::uint64_t> MountIdAt(const std::string& path) {
  struct statx found {};
  if (::statx(AT_FDCWD, path.c_str(), AT_NO_AUTOMOUNT, STATX_MNT_ID, &found) < 0)
    return SysError("statx", path);
  return found.stx_mnt_id;
}

Status DetachHostRoot(const std::string& path, std::uint64_t below) {
  // Not the container's own tree alone: a crash may have left one from an attempt before.
  constexpr int kMost = 16;
  for (int i = 0; i < kMost; ++i) {
    const auto now = MountIdAt(path);
    if (!now || *now == below) return Ok();
    if (::umount2(path.c_str(), MNT_DETACH | UMOUNT_NOFOLLOW) == 0) continue;
    if (errno == EINVAL) return Ok();  // no mount point any more: somebody else took it away
    return SysError("umount", path);
  }
  return Ok();
}

}  // namespace caisson::container
