// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/fd_batch.h"

namespace caisson::cgroup {

// A whole control or proc file in three system calls (open, read, close); more only when it is
// longer than 16 KiB.
Result<std::string> ReadControl(const std::string& path);
// The same for one that fits into a page, whose descriptor goes into `batch`: two system calls.
Result<std::string> ReadControl(const std::string& path, FdBatch& batch);

// One write(2) of a value to an existing file, whose descriptor goes into `batch`.
// Errors: as WriteFileAt.
Status WriteControl(const std::string& path, std::string_view value, FdBatch& batch);

}  // namespace caisson::cgroup
