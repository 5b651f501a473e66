// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/proc_handle_child.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include "runtime/rootfs/calls_child.h"

namespace caisson::rootfs {
namespace {

constexpr ino_t kProcRoot = 1;  // PROC_ROOT_INO

int MakeDetachedProc() noexcept {
  const int context = ::fsopen("proc", FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  int proc = -1;
  if (::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) == 0)
    proc = ::fsmount(context, FSMOUNT_CLOEXEC,
                     MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  const int saved = errno;
  ::close(context);
  errno = saved;
  return proc;
}

// Without the right to make one: the one in place, if it is the root of a procfs. What lies over
// parts of it does not matter, because OpenInProc crosses no mount.
int OpenMountedProc() noexcept {
  const int proc =
      OpenHow(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, RESOLVE_NO_SYMLINKS);
  if (proc < 0) return -1;
  struct statfs found;
  struct stat root;
  if (::fstatfs(proc, &found) == 0 && found.f_type == PROC_SUPER_MAGIC &&
      ::fstatat(proc, "", &root, AT_EMPTY_PATH) == 0 && root.st_ino == kProcRoot)
    return proc;
  ::close(proc);
  errno = EXDEV;
  return -1;
}

}  // namespace

int OpenProcHandle(const RootfsView* view) noexcept {
  int proc = -1;
  // Of the plan's own mount without what covers parts of it by now; its submounts stay behind.
  if (view != nullptr && view->proc_step >= 0)
    proc = CloneTree(view->mounts[view->proc_step].tree_fd, "", AT_EMPTY_PATH);
  if (proc < 0) proc = MakeDetachedProc();
  return proc >= 0 ? proc : OpenMountedProc();
}

int OpenInProc(int proc_fd, const char* path, int flags) noexcept {
  return OpenHow(proc_fd, path, flags, 0,
                 RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
}

}  // namespace caisson::rootfs
