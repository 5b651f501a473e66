// SPDX-License-Identifier: Apache-2.0
#include <sys/sysmacros.h>

#include "runtime/rootfs/calls_child.h"
#include "runtime/rootfs/old_mounts_child.h"
#include "runtime/rootfs/rootfs_child.h"

namespace caisson::rootfs {
namespace {

StepFailure RootFailed(Call call) noexcept { return Failed(Part::kRoot, 0, call, errno); }

// The null device of the host, seen to be char 1:3, read-only so that nobody can change its mode or
// owner through a mask. What the parent did, for a parent without the privileges.
StepFailure OpenNull(RootfsView& view) noexcept {
  const auto failed = [](Call call, int error) { return Failed(Part::kNull, 0, call, error); };
  const int tree = CloneTree(AT_FDCWD, "/dev/null", 0);
  if (tree < 0) return failed(Call::kOpenTree, errno);
  struct stat found;
  if (::fstatat(tree, "", &found, AT_EMPTY_PATH) < 0) return failed(Call::kStat, errno);
  if (!S_ISCHR(found.st_mode) || found.st_rdev != makedev(1, 3))
    return failed(Call::kNoNull, ENODEV);
  if (SetAttributes(tree, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, MS_PRIVATE) < 0)
    return failed(Call::kSetAttributes, errno);
  view.null_fd = tree;
  return {};
}

StepFailure ChangeRoot(const RootfsView& view) noexcept {
  if (view.attach_path != nullptr &&
      ::move_mount(view.root_fd, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0)
    return RootFailed(Call::kAttach);
  if (DetachKernelMounts() < 0) return RootFailed(Call::kReadMountTable);
  if (::chroot(".") < 0) return RootFailed(Call::kChangeRoot);
  return {};
}

}  // namespace

StepFailure PrepareRoot(RootfsView& view) noexcept {
  ::umask(0);
  // What is unmounted here must not be unmounted on the host.
  if (view.turn != RootTurn::kHostNamespace &&
      SetAttributes(AT_FDCWD, "/", AT_RECURSIVE, 0, 0, MS_SLAVE) < 0)
    return RootFailed(Call::kPropagation);
  if (view.open_null) {
    if (const StepFailure failure = OpenNull(view); !failure.ok()) return failure;
  }
  if (view.root_fd < 0) {
    view.root_fd = CloneTree(AT_FDCWD, view.root_source, AT_RECURSIVE);
    if (view.root_fd < 0) return RootFailed(Call::kOpenTree);
    if (ApplyAttributes(view.root_fd, view.root_attributes) < 0)
      return RootFailed(Call::kSetAttributes);
  }
  const char* const at = view.attach_path != nullptr ? view.attach_path : "/";
  if (::move_mount(view.root_fd, "", AT_FDCWD, at,
                   MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) < 0)
    return RootFailed(Call::kAttach);
  return {};
}

StepFailure TurnRoot(RootfsView& view) noexcept {
  if (::fchdir(view.root_fd) < 0) return RootFailed(Call::kChangeDirectory);
  if (view.turn == RootTurn::kHostNamespace)
    return ::chroot(".") < 0 ? RootFailed(Call::kChangeRoot) : StepFailure();
  if (view.turn == RootTurn::kChroot) return ChangeRoot(view);
  // The old root ends up over the new one, which is this process's directory: "." is the old root
  // for umount2(2), which takes what lies on top.
  // Source: pivot_root(2), "pivot_root(".", ".")".
  if (::syscall(SYS_pivot_root, ".", ".") < 0) return RootFailed(Call::kPivotRoot);
  if (::umount2(".", MNT_DETACH) < 0) return RootFailed(Call::kUnmountOld);
  return {};
}

}  // namespace caisson::rootfs
