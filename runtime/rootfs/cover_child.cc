// SPDX-License-Identifier: Apache-2.0
#include <sys/sysmacros.h>

#include "runtime/rootfs/calls_child.h"
#include "runtime/rootfs/rootfs_child.h"
#include "runtime/rootfs/target_child.h"

namespace caisson::rootfs {
namespace {

constexpr std::uint64_t kInert =
    MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

bool IsMissing(int error) noexcept { return error == ENOENT || error == ENOTDIR; }
// What move_mount(2) says when one of the two is a directory and the other is not.
bool IsOtherKind(int error) noexcept { return error == EINVAL || error == ENOTDIR; }

// One mount, cloned for each use: the first use attaches the original, later ones clone it from
// there, because a detached tree can be cloned only since Linux 6.15.
class Cover {
 public:
  // A tree ready to attach; the same one again until Used() was called. -1 with errno.
  int Get() noexcept {
    if (ready_ >= 0) return ready_;
    ready_ = attached_ ? CloneTree(original_, "", AT_EMPTY_PATH) : original_;
    return ready_;
  }
  void Used() noexcept {
    if (ready_ == original_) {
      attached_ = true;
    } else {
      CloseIfHigh(ready_);
    }
    ready_ = -1;
  }
  bool has_original() const noexcept { return original_ >= 0; }
  bool has_ready() const noexcept { return ready_ >= 0 || !attached_; }
  void SetOriginal(int tree) noexcept { original_ = tree; }

 private:
  int original_ = -1;
  int ready_ = -1;
  bool attached_ = false;
};

// An empty directory that nobody can write to.
int MakeEmptyDirectory(const char* label) noexcept {
  const int context = ::fsopen("tmpfs", FSOPEN_CLOEXEC);
  if (context < 0) return -1;
  if (::fsconfig(context, FSCONFIG_SET_STRING, "mode", "0555", 0) < 0) return -1;
  if (label != nullptr && ::fsconfig(context, FSCONFIG_SET_STRING, "context", label, 0) < 0)
    return -1;
  if (::fsconfig(context, FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) return -1;
  const int tree = ::fsmount(context, FSMOUNT_CLOEXEC, kInert);
  CloseIfHigh(context);
  return tree;
}

class Masker {
 public:
  explicit Masker(const RootfsView& view) noexcept : view_(view) {
    files_.SetOriginal(view.null_fd);
  }

  CallFailure Mask(const CoverStep& step) noexcept {
    const Place& place = step.place;
    if (place.leaf != nullptr) {
      const CallFailure failure = MaskAs(step.likely_directory, BaseOf(view_, place), place.leaf);
      if (!IsOtherKind(failure.sys_errno))
        return IsMissing(failure.sys_errno) ? CallFailure() : failure;
    }
    const int target = OpenHow(view_.root_fd, place.target, O_PATH, 0, kInRoot);
    if (target < 0) return IsMissing(errno) ? CallFailure() : FailedCall(Call::kOpenTarget);
    CallFailure failure = MaskAs(step.likely_directory, target, nullptr);
    if (IsOtherKind(failure.sys_errno)) failure = MaskAs(!step.likely_directory, target, nullptr);
    CloseIfHigh(target);
    return failure;
  }

 private:
  CallFailure MaskAs(bool directory, int at, const char* leaf) noexcept {
    Cover& cover = directory ? directories_ : files_;
    if (directory && !cover.has_original()) {
      const int tree = MakeEmptyDirectory(view_.mask_label);
      if (tree < 0) return FailedCall(Call::kFsMount);
      cover.SetOriginal(tree);
    }
    // A clone that finds no target would be dissolved at execve, behind an RCU grace period.
    if (!cover.has_ready() && leaf != nullptr &&
        ::faccessat(at, leaf, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
      return FailedCall(Call::kAttach);
    const int tree = cover.Get();
    if (tree < 0) return FailedCall(Call::kOpenTree);
    const int attached = leaf == nullptr ? AttachTo(tree, at) : AttachAt(tree, at, leaf);
    if (attached < 0) return FailedCall(Call::kAttach);
    cover.Used();
    return {};
  }

  const RootfsView& view_;
  Cover files_;
  Cover directories_;
};

// A clone of what is there, all of it read-only, over itself: one descriptor for the whole, so that
// what became read-only is what gets covered (GHSA-3q8j-pf29-vwv8).
CallFailure MakeReadonly(const RootfsView& view, const CoverStep& step) noexcept {
  const Place& place = step.place;
  int target = -1;
  int tree = -1;
  bool cloned = false;
  if (place.leaf != nullptr) {
    tree = CloneTreeWith(BaseOf(view, place), place.leaf, AT_RECURSIVE | AT_SYMLINK_NOFOLLOW,
                         MOUNT_ATTR_RDONLY, 0, &cloned);
  } else {
    target = OpenHow(view.root_fd, place.target, O_PATH, 0, kInRoot);
    if (target >= 0)
      tree = CloneTreeWith(target, "", AT_EMPTY_PATH | AT_RECURSIVE, MOUNT_ATTR_RDONLY, 0, &cloned);
  }
  if (tree < 0) {
    if (cloned) return FailedCall(Call::kSetAttributes);
    if (target < 0 && IsMissing(errno)) return {};
    return FailedCall(target < 0 && place.leaf == nullptr ? Call::kOpenTarget : Call::kOpenTree);
  }
  const int attached =
      target < 0 ? AttachAt(tree, BaseOf(view, place), place.leaf) : AttachTo(tree, target);
  if (attached < 0) return FailedCall(Call::kAttach);
  CloseIfHigh(tree);
  CloseIfHigh(target);
  return {};
}

}  // namespace

StepFailure ProtectRoot(RootfsView& view) noexcept {
  for (std::size_t i = 0; i < view.mount_count; ++i) {
    const MountStep& step = view.mounts[i];
    if (step.late_readonly &&
        SetAttributes(step.tree_fd, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, 0) < 0)
      return Failed(Part::kMount, i, Call::kSetAttributes, errno);
  }
  for (std::size_t i = 0; i < view.readonly_count; ++i) {
    if (const CallFailure failure = MakeReadonly(view, view.readonly[i]); !failure.ok())
      return Failed(Part::kReadonly, i, failure);
  }
  Masker masker(view);
  for (std::size_t i = 0; i < view.masked_count; ++i) {
    if (const CallFailure failure = masker.Mask(view.masked[i]); !failure.ok())
      return Failed(Part::kMasked, i, failure);
  }
  if (view.readonly_root &&
      SetAttributes(view.root_fd, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY, 0, 0) < 0)
    return Failed(Part::kRoot, 0, Call::kSetAttributes, errno);
  const unsigned below = view.root_propagation_below ? AT_RECURSIVE : 0U;
  if (view.root_propagation != 0 &&
      SetAttributes(view.root_fd, "", AT_EMPTY_PATH | below, 0, 0, view.root_propagation) < 0)
    return Failed(Part::kRoot, 0, Call::kPropagation, errno);
  return {};
}

}  // namespace caisson::rootfs
