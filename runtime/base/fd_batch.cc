// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/fd_batch.h"

#include <linux/close_range.h>

#include <algorithm>
#include <cerrno>

namespace caisson {

void FdBatch::CloseAll() {
  const int saved = errno;
  std::sort(fds_.begin(), fds_.end());
  for (std::size_t i = 0; i < fds_.size();) {
    std::size_t end = i + 1;
    while (end < fds_.size() && fds_[end] == fds_[end - 1] + 1) ++end;
    const auto first = static_cast<unsigned>(fds_[i]);
    const auto last = static_cast<unsigned>(fds_[end - 1]);
    if (first == last || ::close_range(first, last, 0) < 0) {
      for (std::size_t k = i; k < end; ++k) ::close(fds_[k]);
    }
    i = end;
  }
  fds_.clear();
  errno = saved;
}

}  // namespace caisson
