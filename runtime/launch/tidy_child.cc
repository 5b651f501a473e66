// SPDX-License-Identifier: Apache-2.0
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/base/trace.h"
#include "runtime/launch/phases_child.h"

namespace caisson::launch {
namespace {

// The descriptors that stay, in order; more than fit, and none is closed.
class Kept {
 public:
  void Add(int fd) noexcept {
    if (fd < 0) return;
    if (count_ == kMost) {
      overflow_ = true;
      return;
    }
    std::size_t at = count_;
    for (; at > 0 && fds_[at - 1] > fd; --at) fds_[at] = fds_[at - 1];
    fds_[at] = fd;
    ++count_;
  }
  void CloseOthers() const noexcept {
    if (overflow_) return;
    unsigned next = 0;
    for (std::size_t i = 0; i < count_; ++i) {
      const auto fd = static_cast<unsigned>(fds_[i]);
      if (fd > next) ::syscall(SYS_close_range, next, fd - 1, 0);
      next = fd + 1;
    }
    ::syscall(SYS_close_range, next, ~0U, 0);
  }

 private:
  static constexpr std::size_t kMost = 256;
  int fds_[kMost];
  std::size_t count_ = 0;
  bool overflow_ = false;
};

}  // namespace

void CloseUnneeded(const InitState& state) noexcept {
  if (TraceIsOn()) return;  // its file is one of them
  const InitView& view = state.view;
  Kept kept;
  // Those that the caller hands over keep their numbers until the end.
  for (int fd = 0; fd < 3 + static_cast<int>(view.preserved); ++fd) kept.Add(fd);
  for (const int fd : view.stdio) kept.Add(fd);
  for (std::size_t i = 0; i < view.extra_count; ++i) kept.Add(view.extra_fds[i]);
  kept.Add(view.gate_fd);
  kept.Add(state.sync_fd);
  if (view.start_hooks.count > 0) {
    kept.Add(view.start_hooks.state_fd);
    kept.Add(view.start_hooks.report_fd);
  }
  // Labels are written through the plan's own procfs.
  if (view.lsm.count > 0 && view.rootfs != nullptr && state.rootfs.proc_step >= 0)
    kept.Add(state.rootfs.mounts[state.rootfs.proc_step].tree_fd);
  kept.CloseOthers();
}

}  // namespace caisson::launch
