// SPDX-License-Identifier: Apache-2.0
#include <linux/magic.h>
#include <sys/vfs.h>

#include "runtime/rootfs/calls_child.h"
#include "runtime/rootfs/copy_up_child.h"
#include "runtime/rootfs/device_child.h"
#include "runtime/rootfs/rootfs_child.h"
#include "runtime/rootfs/target_child.h"

namespace caisson::rootfs {
namespace {

struct Tree {
  int fd = -1;
  CallFailure failure;
};

bool IsProcfs(int fd) noexcept {
  struct statfs found;
  return ::fstatfs(fd, &found) == 0 && found.f_type == PROC_SUPER_MAGIC;
}

CallFailure Configure(int context, const MountStep& step) noexcept {
  for (std::uint32_t i = 0; i < step.option_count; ++i) {
    const FsOption& option = step.options[i];
    const int done = option.value == nullptr
                         ? ::fsconfig(context, FSCONFIG_SET_FLAG, option.key, nullptr, 0)
                         : ::fsconfig(context, FSCONFIG_SET_STRING, option.key, option.value, 0);
    constexpr std::uint32_t kMostOptions = 255 - static_cast<std::uint32_t>(Call::kOption);
    const std::uint32_t shown = i < kMostOptions ? i : kMostOptions;
    if (done < 0)
      return FailedCall(static_cast<Call>(static_cast<std::uint32_t>(Call::kOption) + shown));
  }
  return {};
}

Tree OpenFallback(const MountStep& step, const CallFailure& failure) noexcept {
  if (failure.sys_errno != EPERM) return {-1, failure};
  if (step.fallback_fd >= 0) return {step.fallback_fd, {}};
  if (step.fallback_source == nullptr) return {-1, failure};
  const int tree = CloneTree(AT_FDCWD, step.fallback_source, AT_RECURSIVE);
  if (tree < 0) return {-1, FailedCall(Call::kOpenTree)};
  const std::uint64_t set = step.attributes.set | MOUNT_ATTR_RDONLY;
  if (SetAttributes(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, set, 0, MS_SLAVE) < 0)
    return {-1, FailedCall(Call::kSetAttributes)};
  return {tree, {}};
}

// A new file system of the namespaces that this process is in, detached.
Tree MakeFilesystem(const MountStep& step) noexcept {
  const int context = ::fsopen(step.fs_type, FSOPEN_CLOEXEC);
  if (context < 0) return OpenFallback(step, FailedCall(Call::kFsOpen));
  CallFailure failure = Configure(context, step);
  if (failure.ok() && ::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0)
    failure = FailedCall(Call::kFsMake);
  int tree = -1;
  if (failure.ok()) {
    tree = ::fsmount(context, FSMOUNT_CLOEXEC, static_cast<unsigned>(step.attributes.set));
    if (tree < 0) failure = FailedCall(Call::kFsMount);
  }
  CloseIfHigh(context);
  if (!failure.ok()) return OpenFallback(step, failure);
  if (step.attributes.propagation != 0 &&
      SetAttributes(tree, "", AT_EMPTY_PATH, 0, 0, step.attributes.propagation) < 0)
    return {-1, FailedCall(Call::kSetAttributes)};
  return {tree, {}};
}

// The tree of a step that the parent had to leave to us.
Tree OpenSource(const MountStep& step) noexcept {
  const int tree = CloneTree(AT_FDCWD, step.source, step.recursive ? AT_RECURSIVE : 0U);
  if (tree < 0) return {-1, FailedCall(Call::kOpenTree)};
  if (step.only_procfs && !IsProcfs(tree)) return {-1, {Call::kNotProcfs, EINVAL}};
  if (ApplyAttributes(tree, step.attributes) < 0) return {-1, FailedCall(Call::kSetAttributes)};
  return {tree, {}};
}

Tree TreeOf(const MountStep& step) noexcept {
  if (step.kind == MountKind::kFilesystem) return MakeFilesystem(step);
  if (step.tree_fd >= 0) return {step.tree_fd, {}};
  return OpenSource(step);
}

// Whether `step` mounts a directory; asks the tree when the plan did not know.
bool IsDirectory(const MountStep& step, int tree) noexcept {
  if (!step.find_kind) return step.is_directory;
  struct stat found;
  return ::fstatat(tree, "", &found, AT_EMPTY_PATH) < 0 || S_ISDIR(found.st_mode);
}

// What the target is open on. Without symlinks in its path the target is what its text says; with
// them it may have led into procfs, where nothing is mounted unseen (CVE-2019-16884).
Opened OpenTarget(const RootfsView& view, const MountStep& step, int tree) noexcept {
  const char* const path = step.place.target;
  const int flags = O_PATH | (step.real_directory ? O_DIRECTORY | O_NOFOLLOW : 0);
  const int plain = OpenHow(view.root_fd, path, flags, 0, kInRoot | RESOLVE_NO_SYMLINKS);
  if (plain >= 0) return {plain, {}};
  if (step.real_directory && (errno == ENOTDIR || errno == ELOOP))
    return {-1, {Call::kTargetNoDirectory, ENOTDIR}};
  if (errno != ELOOP && errno != ENOENT) return {-1, FailedCall(Call::kOpenTarget)};
  const auto kind = IsDirectory(step, tree) ? TargetKind::kDirectory : TargetKind::kFile;
  const Opened opened = MakeTarget(view.root_fd, path, kind);
  if (opened.fd >= 0 && !step.inside_proc && IsProcfs(opened.fd)) {
    CloseIfHigh(opened.fd);
    return {-1, {Call::kTargetInProc, EXDEV}};
  }
  return opened;
}

// One component of a directory that is open: one call, two when it has to be made. False with errno
// set when the long way has to decide.
bool AttachShort(const RootfsView& view, const MountStep& step, int tree) noexcept {
  const Place& place = step.place;
  if (place.leaf == nullptr || step.find_kind || !step.is_directory) return false;
  const int base = BaseOf(view, place);
  if (step.target_missing) (void)::mkdirat(base, place.leaf, 0755);  // EEXIST is as good
  if (AttachAt(tree, base, place.leaf) == 0) return true;
  if (errno != ENOENT || ::mkdirat(base, place.leaf, 0755) < 0) return false;
  return AttachAt(tree, base, place.leaf) == 0;
}

// 0 or an errno.
int LookAsTarget(const MountStep& step, int target, int tree) noexcept {
  struct stat found;
  if (::fstat(target, &found) < 0) return errno;
  // Owner before mode, because chown(2) takes setuid bits away.
  if (step.takes_owner && ::fchownat(tree, ".", found.st_uid, found.st_gid, 0) < 0) return errno;
  if (step.takes_mode && ::fchmodat(tree, ".", found.st_mode & 07777, 0) < 0) return errno;
  return 0;
}

// What a tmpfs takes over from the directory that it covers. Where there is none, there is nothing
// to take, and the new root has tmpfs's own mode (01777): what the directory made for it would
// have, no user but root could write to.
CallFailure TakeOver(const RootfsView& view, const MountStep& step, int tree) noexcept {
  const int target = OpenHow(view.root_fd, step.place.target, O_PATH | O_DIRECTORY, 0, kInRoot);
  if (target < 0) return errno == ENOENT ? CallFailure{} : FailedCall(Call::kOpenTarget);
  int error = step.copy_up ? CopyTree(target, tree) : 0;
  if (error == 0) error = LookAsTarget(step, target, tree);
  CloseIfHigh(target);
  return {error == 0 ? Call::kNone : Call::kCopyUp, error};
}

CallFailure Attach(const RootfsView& view, MountStep& step) noexcept {
  const Tree tree = TreeOf(step);
  if (tree.fd < 0) return tree.failure;
  step.tree_fd = tree.fd;
  if (step.copy_up || step.takes_mode) {
    if (const CallFailure failure = TakeOver(view, step, tree.fd); !failure.ok()) return failure;
  }
  if (!AttachShort(view, step, tree.fd)) {
    const Opened target = OpenTarget(view, step, tree.fd);
    if (target.fd < 0) return target.failure;
    const int attached = AttachTo(tree.fd, target.fd);
    CloseIfHigh(target.fd);
    if (attached < 0) return FailedCall(Call::kAttach);
  }
  if (!step.keep_open) CloseIfHigh(tree.fd);
  return {};
}

CallFailure Reconfigure(int target, const MountStep& step) noexcept {
  const int context = ::fspick(target, "", FSPICK_CLOEXEC | FSPICK_EMPTY_PATH);
  if (context < 0) return FailedCall(Call::kFsPick);
  CallFailure failure = Configure(context, step);
  if (failure.ok() && ::fsconfig(context, FSCONFIG_CMD_RECONFIGURE, nullptr, nullptr, 0) < 0)
    failure = FailedCall(Call::kReconfigure);
  CloseIfHigh(context);
  return failure;
}

CallFailure Remount(const RootfsView& view, const MountStep& step) noexcept {
  const int target = OpenHow(view.root_fd, step.place.target, O_PATH, 0, kInRoot);
  if (target < 0) return FailedCall(Call::kOpenTarget);
  CallFailure failure;
  if (step.option_count != 0) failure = Reconfigure(target, step);
  if (failure.ok() && ApplyAttributes(target, step.attributes) < 0)
    failure = FailedCall(Call::kSetAttributes);
  CloseIfHigh(target);
  return failure;
}

CallFailure Run(const RootfsView& view, MountStep& step) noexcept {
  switch (step.kind) {
    case MountKind::kTree:
    case MountKind::kFilesystem: return Attach(view, step);
    case MountKind::kRemount: return Remount(view, step);
    case MountKind::kSymlink:
      if (::symlinkat(step.source, BaseOf(view, step.place), step.place.leaf) == 0) return {};
      return FailedCall(Call::kMakeLink);
    case MountKind::kAttributes:
      if (ApplyAttributes(BaseOf(view, step.place), step.attributes) == 0) return {};
      return FailedCall(Call::kSetAttributes);
  }
  return {Call::kNone, EINVAL};
}

}  // namespace

StepFailure MakeMounts(RootfsView& view) noexcept {
  for (std::size_t i = 0; i < view.mount_count; ++i) {
    if (const CallFailure failure = Run(view, view.mounts[i]); !failure.ok())
      return Failed(Part::kMount, i, failure);
  }
  if (const StepFailure failure = MakeDevices(view); !failure.ok()) return failure;
  if (view.work_dir == nullptr) return {};
  const Opened work_dir = MakeDirectory(view.root_fd, view.work_dir);
  if (work_dir.fd < 0) return Failed(Part::kRoot, 0, work_dir.failure);
  CloseIfHigh(work_dir.fd);
  return {};
}

int DevptsRoot(const RootfsView& view) noexcept {
  return view.devpts_step < 0 ? -1 : view.mounts[view.devpts_step].tree_fd;
}

}  // namespace caisson::rootfs
