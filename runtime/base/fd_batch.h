// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "runtime/base/fd.h"

namespace caisson {

// Descriptors that are done with but closed together, because a run of adjacent numbers costs one
// close_range(2). Thread-compatible: one owner at a time.
class FdBatch {
 public:
  FdBatch() = default;
  FdBatch(FdBatch&& other) noexcept : fds_(std::exchange(other.fds_, {})) {}
  FdBatch& operator=(FdBatch&& other) noexcept {
    if (this != &other) {
      CloseAll();
      fds_ = std::exchange(other.fds_, {});
    }
    return *this;
  }
  FdBatch(const FdBatch&) = delete;
  FdBatch& operator=(const FdBatch&) = delete;
  ~FdBatch() { CloseAll(); }

  // Returns its number, which stays valid as long as the batch.
  int Keep(UniqueFd fd) { return fds_.emplace_back(fd.Release()); }
  void CloseAll();

 private:
  std::vector<int> fds_;
};

}  // namespace caisson
