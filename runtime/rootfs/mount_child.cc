// SPDX-License-Identifier: Apache-2.0
#include <linux/magic.h>
#include <sys/vfs.h>

#include "runtime/rootfs/calls_child.h"
#include "runtime/rootfs/copy_up_child.h"
#include "runtime/rootfs/device_child.h"
#include "runtime/rootfs/rootfs_child.h"
#include "runtime/rootfs/target_child.h"
#include "runtime/sync/sync_child.h"

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

// What a tmpfs is going to cover. -1 with ENOENT where there is nothing: then there is nothing to
// take over, and the new root has tmpfs's own mode (01777): with that of the directory made for it,
// no user but root could write to it.
int OpenCovered(const RootfsView& view, const MountStep& step) noexcept {
  return OpenHow(view.root_fd, step.place.target, O_PATH | O_DIRECTORY, 0, kInRoot);
}

// As an option, so that the mount table shows it.
CallFailure TakeMode(const RootfsView& view, const MountStep& step, int context) noexcept {
  if (!step.takes_mode) return {};
  const int target = OpenCovered(view, step);
  if (target < 0) return errno == ENOENT ? CallFailure{} : FailedCall(Call::kOpenTarget);
  struct stat found;
  const int looked = ::fstat(target, &found);
  CloseIfHigh(target);
  if (looked < 0) return FailedCall(Call::kStat);
  char mode[5] = {};
  for (int digit = 0; digit < 4; ++digit)
    mode[digit] = static_cast<char>('0' + (found.st_mode >> (9 - 3 * digit) & 7));
  if (::fsconfig(context, FSCONFIG_SET_STRING, "mode", mode, 0) < 0)
    return FailedCall(Call::kFsMake);
  return {};
}

// A new file system of the namespaces that this process is in, detached.
Tree MakeFilesystem(const RootfsView& view, const MountStep& step) noexcept {
  const int context = ::fsopen(step.fs_type, FSOPEN_CLOEXEC);
  if (context < 0) return OpenFallback(step, FailedCall(Call::kFsOpen));
  CallFailure failure = Configure(context, step);
  if (failure.ok()) failure = TakeMode(view, step, context);
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

// A clone of what `step` names in the container's root as it is now.
int CloneInRoot(const RootfsView& view, const MountStep& step, unsigned flags) noexcept {
  const int at = OpenHow(view.root_fd, step.source, O_PATH, 0, kInRoot);
  if (at < 0) return -1;
  const int tree = CloneTree(at, "", AT_EMPTY_PATH | flags);
  CloseIfHigh(at);
  return tree;
}

// The parent has the rights over the file system that a child in a user namespace lacks. 0 or an
// errno.
int AskToMap(const RootfsView& view, const MountStep& step, int tree) noexcept {
  const auto index = static_cast<int>(&step - view.mounts);
  const int sent = sync::SendFromChild(view.ask_fd, sync::Type::kMapWanted, index, tree);
  return sent != 0 ? sent : sync::AwaitInChild(view.ask_fd, sync::Type::kMapDone);
}

// The tree of a step that the parent had to leave to us.
Tree OpenSource(const RootfsView& view, const MountStep& step) noexcept {
  const unsigned flags = step.recursive ? AT_RECURSIVE : 0U;
  const int tree =
      step.in_root ? CloneInRoot(view, step, flags) : CloneTree(AT_FDCWD, step.source, flags);
  if (tree < 0) return {-1, FailedCall(Call::kOpenTree)};
  if (step.only_procfs && !IsProcfs(tree)) return {-1, {Call::kNotProcfs, EINVAL}};
  // Ids first: a tree that is read-only already may still get its mappings, never the reverse.
  const int asked = step.ask_map ? AskToMap(view, step, tree) : 0;
  if (asked != 0) return {-1, {Call::kMapIds, asked}};
  if (ApplyAttributes(tree, step.attributes) < 0) return {-1, FailedCall(Call::kSetAttributes)};
  return {tree, {}};
}

Tree TreeOf(const RootfsView& view, const MountStep& step) noexcept {
  if (step.kind == MountKind::kFilesystem) return MakeFilesystem(view, step);
  if (step.tree_fd >= 0) return {step.tree_fd, {}};
  return OpenSource(view, step);
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

// What tmpcopyup takes over: content and owner.
CallFailure CopyUp(const RootfsView& view, const MountStep& step, int tree) noexcept {
  const int target = OpenCovered(view, step);
  if (target < 0) return errno == ENOENT ? CallFailure{} : FailedCall(Call::kOpenTarget);
  int error = CopyTree(target, tree);
  struct stat found;
  if (error == 0 && ::fstat(target, &found) < 0) error = errno;
  if (error == 0 && step.takes_owner && ::fchownat(tree, ".", found.st_uid, found.st_gid, 0) < 0)
    error = errno;
  CloseIfHigh(target);
  return {error == 0 ? Call::kNone : Call::kCopyUp, error};
}

CallFailure Attach(const RootfsView& view, MountStep& step) noexcept {
  const Tree tree = TreeOf(view, step);
  if (tree.fd < 0) return tree.failure;
  step.tree_fd = tree.fd;
  if (step.copy_up) {
    if (const CallFailure failure = CopyUp(view, step, tree.fd); !failure.ok()) return failure;
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
