// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/log_file.h"

#include <stdio.h>
#include <sys/stat.h>

#include "runtime/base/path.h"

namespace caisson::keeper {
namespace {

Result<UniqueFd> OpenForAppend(const std::string& path) {
  return OpenAt(kCwd, path, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0640);
}

}  // namespace

Result<LogFile> LogFile::Open(std::string path, keeper_client::LogRotation rotation) {
  CAISSON_ASSIGN(UniqueFd fd, OpenForAppend(path), "container log");
  struct stat info {};
  if (::fstat(fd.get(), &info) < 0) return SysError("fstat", path);
  return LogFile(std::move(fd), std::move(path), rotation,
                 static_cast<std::uint64_t>(info.st_size));
}

Status LogFile::Append(std::string_view records) {
  if (!backlog_.empty()) {
    backlog_.append(records);
    std::string_view rest = backlog_;
    Status written = Write(rest);
    backlog_ = std::string(rest);
    return written;
  }
  const bool over =
      rotation_.max_bytes > 0 && size_ > 0 && size_ + records.size() > rotation_.max_bytes;
  // A file that cannot be put aside is still a file that can be written: too long beats lost.
  Status rotated = over ? Rotate() : Ok();
  Status written = Write(records);
  if (!records.empty()) backlog_ = std::string(records);
  return written ? rotated : written;
}

Status LogFile::Write(std::string_view& bytes) {
  while (!bytes.empty()) {
    const ssize_t put = TEMP_FAILURE_RETRY(::write(fd_.get(), bytes.data(), bytes.size()));
    if (put < 0) return SysError("write", path_);
    bytes.remove_prefix(static_cast<std::size_t>(put));
    size_ += static_cast<std::uint64_t>(put);
  }
  return Ok();
}

Status LogFile::Rotate() {
  const auto aside = [&](std::uint32_t number) { return StrCat(path_, ".", number); };
  // Oldest first, so that each name is free when it is needed; rename replaces the one too many.
  for (std::uint32_t number = rotation_.max_files - 1; number > 1; --number) {
    if (::rename(aside(number - 1).c_str(), aside(number).c_str()) < 0 && errno != ENOENT)
      return SysError("rename", aside(number - 1));
  }
  if (rotation_.max_files > 1) {
    if (::rename(path_.c_str(), aside(1).c_str()) < 0 && errno != ENOENT)
      return SysError("rename", path_);
  } else if (::unlink(path_.c_str()) < 0 && errno != ENOENT) {
    return SysError("unlink", path_);
  }
  CAISSON_ASSIGN(fd_, OpenForAppend(path_));
  size_ = 0;
  return Ok();
}

}  // namespace caisson::keeper
