// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/file.h"

#include <stdio.h>
#include <sys/stat.h>

#include <algorithm>

#include "runtime/base/path.h"

namespace caisson {

Result<std::string> ReadFd(FdView fd, std::string_view shown_as, std::size_t max_bytes) {
  // Sizes are not asked for: proc and cgroup files say 0, and most files fit at once.
  constexpr std::size_t kFirstRoom = 16384;
  std::string text;
  std::size_t used = 0;
  std::size_t room = kFirstRoom;
  while (true) {
    text.resize(std::min(used + room, max_bytes + 1));
    const ssize_t got =
        TEMP_FAILURE_RETRY(::read(fd.get(), text.data() + used, text.size() - used));
    if (got < 0) return SysError("read", shown_as);
    used += static_cast<std::size_t>(got);
    if (got == 0) break;
    if (used > max_bytes)
      return Error(Code::kInvalidSpec,
                   StrCat("file \"", shown_as, "\" is larger than ", max_bytes, " bytes"), EFBIG);
    if (used == text.size()) room = used;
  }
  text.resize(used);
  return text;
}

Result<std::string> ReadFileAt(FdView dir, const std::string& path, std::size_t max_bytes) {
  CAISSON_ASSIGN(const UniqueFd fd, OpenAt(dir, path, O_RDONLY));
  return ReadFd(fd, path, max_bytes);
}

Result<std::string> ReadSmallFileAt(FdView dir, const std::string& path) {
  CAISSON_ASSIGN(const UniqueFd fd, OpenAt(dir, path, O_RDONLY));
  // proc makes its files in pages; a shorter answer is the last one.
  constexpr std::size_t kSurelyWhole = 4096 - 256;
  char room[16384];  // on the stack, where nothing clears it first
  const ssize_t got = TEMP_FAILURE_RETRY(::read(fd.get(), room, sizeof room));
  if (got < 0) return SysError("read", path);
  std::string text(room, static_cast<std::size_t>(got));
  if (text.size() < kSurelyWhole) return text;
  CAISSON_ASSIGN(const std::string rest, ReadFd(fd, path));
  return text + rest;
}

Status WriteAll(FdView fd, std::string_view bytes, std::string_view shown_as) {
  while (!bytes.empty()) {
    const ssize_t put = TEMP_FAILURE_RETRY(::write(fd.get(), bytes.data(), bytes.size()));
    if (put < 0) return SysError("write", shown_as);
    bytes.remove_prefix(static_cast<std::size_t>(put));
  }
  return Ok();
}

Status WriteFileAt(FdView dir, const std::string& path, std::string_view value) {
  CAISSON_ASSIGN(const UniqueFd fd, OpenAt(dir, path, O_WRONLY));
  const ssize_t put = TEMP_FAILURE_RETRY(::write(fd.get(), value.data(), value.size()));
  if (put < 0) return SysError("write", path);
  if (static_cast<std::size_t>(put) != value.size())
    return Error(Code::kSystem, StrCat("write \"", path, "\": the kernel took only a part"), EIO);
  return Ok();
}

Status AtomicWriteAt(FdView dir, const std::string& name, std::string_view bytes, mode_t mode,
                     Durability durability) {
  thread_local const pid_t thread = ::gettid();  // of this thread, so drafts of two never meet
  const std::string draft = StrCat(name, ".tmp.", thread);
  const auto write_draft = [&]() -> Status {
    CAISSON_ASSIGN(const UniqueFd fd,
                   OpenAt(dir, draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, mode));
    CAISSON_TRY(WriteAll(fd, bytes, draft));
    if (durability == Durability::kPowerLoss && ::fsync(fd.get()) < 0)
      return SysError("fsync", draft);
    if (::renameat(dir.get(), draft.c_str(), dir.get(), name.c_str()) < 0)
      return SysError("rename", name);
    return Ok();
  };
  if (Status written = write_draft(); !written) {
    (void)::unlinkat(dir.get(), draft.c_str(), 0);  // the first error is the one that counts
    return written;
  }
  if (durability == Durability::kThisBoot) return Ok();
  CAISSON_ASSIGN(const UniqueFd folder, OpenAt(dir, ".", O_RDONLY | O_DIRECTORY));
  if (::fsync(folder.get()) < 0) return SysError("fsync", "the folder of the file");
  return Ok();
}

}  // namespace caisson
