// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "runtime/base/child_zone.h"
#include "runtime/rootfs/mount_plan.h"

namespace caisson::rootfs {

// Child zone, usable by the parent too. Thin calls: -1 and errno on failure, as the kernel has it.

inline constexpr std::uint64_t kInRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;

// openat2(2), close-on-exec; EAGAIN (a rename raced with "..") and EINTR are retried, bounded.
inline int OpenHow(int dir, const char* path, int flags, mode_t mode,
                   std::uint64_t resolve) noexcept {
  constexpr int kMaxTries = 128;
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.mode = mode;
  how.resolve = resolve;
  for (int tries = 1;; ++tries) {
    const long fd = ::syscall(SYS_openat2, dir, path, &how, sizeof how);
    if (fd >= 0) return static_cast<int>(fd);
    if ((errno != EAGAIN && errno != EINTR) || tries == kMaxTries) return -1;
  }
}

// Attaches a detached tree to what `target` is open on, or to the entry `leaf` of `dir` itself.
inline int AttachTo(int tree, int target) noexcept {
  return ::move_mount(tree, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}
inline int AttachAt(int tree, int dir, const char* leaf) noexcept {
  return ::move_mount(tree, "", dir, leaf, MOVE_MOUNT_F_EMPTY_PATH);
}

inline int CloneTree(int dir, const char* path, unsigned flags) noexcept {
  return ::open_tree(dir, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags);
}

inline int SetAttributes(int fd, const char* path, unsigned flags, std::uint64_t set,
                         std::uint64_t clear, std::uint64_t propagation) noexcept {
  mount_attr attributes{};
  attributes.attr_set = set;
  attributes.attr_clr = clear;
  attributes.propagation = propagation;
  return ::mount_setattr(fd, path, flags, &attributes, sizeof attributes);
}

// CloneTree and SetAttributes of all that was cloned, in one call where the kernel has it (6.15).
// Which of the two failed is told by `*cloned`.
inline int CloneTreeWith(int dir, const char* path, unsigned flags, std::uint64_t set,
                         std::uint64_t propagation, bool* cloned) noexcept {
#ifndef SYS_open_tree_attr
  constexpr long kOpenTreeAttr = 467;
#else
  constexpr long kOpenTreeAttr = SYS_open_tree_attr;
#endif
  mount_attr attributes{};
  attributes.attr_set = set;
  attributes.propagation = propagation;
  const unsigned all = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags;
  static bool missing = false;
  *cloned = false;
  if (!missing) {
    const long at_once = ::syscall(kOpenTreeAttr, dir, path, all, &attributes, sizeof attributes);
    if (at_once >= 0) return static_cast<int>(at_once);
    missing = errno == ENOSYS;
  }
  // Also after another error, since it does not say which half was refused.
  const int tree = CloneTree(dir, path, flags);
  if (tree < 0) return -1;
  *cloned = true;
  const unsigned below = AT_EMPTY_PATH | (flags & AT_RECURSIVE);
  if (SetAttributes(tree, "", below, set, 0, propagation) == 0) return tree;
  const int saved = errno;
  ::close(tree);
  errno = saved;
  return -1;
}

// Below first: what is asked for the top alone wins there.
inline int ApplyAttributes(int tree, const TreeAttributes& wanted) noexcept {
  if ((wanted.set_below | wanted.clear_below | wanted.propagation_below) != 0 &&
      SetAttributes(tree, "", AT_EMPTY_PATH | AT_RECURSIVE, wanted.set_below, wanted.clear_below,
                    wanted.propagation_below) < 0)
    return -1;
  if ((wanted.set | wanted.clear | wanted.propagation) == 0) return 0;
  return SetAttributes(tree, "", AT_EMPTY_PATH, wanted.set, wanted.clear, wanted.propagation);
}

// Descriptors below this number stay open until the caller's close_range(2): one call for all. The
// others are closed one by one, so that thousands of mounts do not run into RLIMIT_NOFILE.
inline constexpr int kCloseFrom = 256;
inline void CloseIfHigh(int fd) noexcept {
  if (fd < kCloseFrom) return;
  const int saved = errno;
  ::close(fd);
  errno = saved;
}

inline StepFailure Failed(Part part, std::size_t index, Call call, int error) noexcept {
  return {error, ItemOf(part, index, call)};
}

// A failure inside a step, before it is known to which list the step belongs.
struct CallFailure {
  Call call = Call::kNone;
  int sys_errno = 0;
  bool ok() const { return sys_errno == 0; }
};
inline CallFailure FailedCall(Call call) noexcept { return {call, errno}; }
inline StepFailure Failed(Part part, std::size_t index, const CallFailure& failure) noexcept {
  return {failure.sys_errno, failure.ok() ? 0 : ItemOf(part, index, failure.call)};
}

// The directory of a place's short form.
inline int BaseOf(const RootfsView& view, const Place& place) noexcept {
  return place.base < 0 ? view.root_fd : view.mounts[place.base].tree_fd;
}

}  // namespace caisson::rootfs
