// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson {

// No file that we read whole is larger: configuration, state, cgroup and proc files.
inline constexpr std::size_t kMaxFileBytes = std::size_t{16} << 20;

// The rest of an open file. Errors: kInvalidSpec when it is larger than `max_bytes`.
Result<std::string> ReadFd(FdView fd, std::string_view shown_as,
                           std::size_t max_bytes = kMaxFileBytes);

// A whole file relative to `dir`.
Result<std::string> ReadFileAt(FdView dir, const std::string& path,
                               std::size_t max_bytes = kMaxFileBytes);
inline Result<std::string> ReadFile(const std::string& path,
                                    std::size_t max_bytes = kMaxFileBytes) {
  return ReadFileAt(kCwd, path, max_bytes);
}

// The same for a regular file or a small one of proc, never a pipe: a first read that is far from
// full is taken for the whole, which saves the read that only says so.
Result<std::string> ReadSmallFileAt(FdView dir, const std::string& path);

// All of `bytes`, over as many write(2) calls as it takes.
Status WriteAll(FdView fd, std::string_view bytes, std::string_view shown_as);

// One write(2) to an existing file: cgroup and proc files, where the kernel takes a value whole.
// Errors: as open(2) and write(2), with the path as the operand.
Status WriteFileAt(FdView dir, const std::string& path, std::string_view value);

enum class Durability {
  kThisBoot,   // rename only: the file need not outlive the machine
  kPowerLoss,  // fsync file and directory
};

// Replaces `name` in `dir` so that a reader sees the old bytes or the new, never a part.
Status AtomicWriteAt(FdView dir, const std::string& name, std::string_view bytes, mode_t mode,
                     Durability durability);

}  // namespace caisson
