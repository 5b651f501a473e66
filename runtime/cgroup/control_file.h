// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::cgroup {

// A whole control or proc file in three system calls (open, read, close); more only when it is
// longer than 16 KiB.
Result<std::string> ReadControl(const std::string& path);

// Descriptors that are done with but closed together, because a run of adjacent numbers costs one
// close_range(2). Thread-compatible: one owner at a time.
class FdBatch {
 public:
  FdBatch() = default;
  FdBatch(const FdBatch&) = delete;
  FdBatch& operator=(const FdBatch&) = delete;
  ~FdBatch();

  void Keep(UniqueFd fd) { fds_.push_back(fd.Release()); }

 private:
  std::vector<int> fds_;
};

// One write(2) of a value to an existing file, whose descriptor goes into `batch`.
// Errors: as WriteFileAt.
Status WriteControl(const std::string& path, std::string_view value, FdBatch& batch);

}  // namespace caisson::cgroup
