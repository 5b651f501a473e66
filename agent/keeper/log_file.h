// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "agent/keeper_client/keeper_config.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::keeper {

// A container's current log file and the cutting of it by size: before a batch of records would
// take "0.log" over the limit, it becomes "0.log.1", that "0.log.2" and so on; what would be one
// file too many is removed. A batch is never split, so every file begins with a whole record.
// Bytes that the disk refuses stay here and go first the next time, so that nothing is lost and
// nothing is written twice; whoever feeds this reads no more while there are such.
// Thread-compatible: one owner at a time.
class LogFile {
 public:
  // The folder must exist. An existing file is appended to. Mode 0640, as kubelet's.
  static Result<LogFile> Open(std::string path, keeper_client::LogRotation rotation);

  // Errors: the disk's, e.g. ENOSPC; then `backlog()` holds what was not written.
  Status Append(std::string_view records);
  // Tries the backlog again.
  Status Flush() { return Append({}); }

  bool backlog() const { return !backlog_.empty(); }

 private:
  LogFile(UniqueFd fd, std::string path, keeper_client::LogRotation rotation, std::uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), rotation_(rotation), size_(size) {}
  // Writes as much as the disk takes, removing it from the front of `bytes`.
  Status Write(std::string_view& bytes);
  Status Rotate();

  UniqueFd fd_;
  std::string path_;
  keeper_client::LogRotation rotation_;
  std::uint64_t size_;
  std::string backlog_;
};

}  // namespace caisson::keeper
