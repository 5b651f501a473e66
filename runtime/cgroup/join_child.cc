// SPDX-License-Identifier: Apache-2.0
#include <linux/close_range.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/cgroup/join.h"

namespace caisson::cgroup {
StepFailure JoinCgroups(const JoinView& view) noexcept {
  for (std::size_t i = 0; i < view.count; ++i) {
    while (::write(view.files[i], "0", 1) < 0) {
      if (errno != EINTR) return {.sys_errno = errno, .item = i};
    }
  }
  return {};
}

void CloseJoinFiles(const JoinView& view) noexcept {
  if (view.count == 0) return;
  // They were opened one after the other, so they mostly are neighbours.
  const int first = view.files[0];
  const int last = view.files[view.count - 1];
  if (last - first == static_cast<int>(view.count) - 1 &&
      ::close_range(static_cast<unsigned>(first), static_cast<unsigned>(last), 0) == 0)
    return;
  for (std::size_t i = 0; i < view.count; ++i) ::close(view.files[i]);
}

}  // namespace caisson::cgroup
