// SPDX-License-Identifier: Apache-2.0
#include "runtime/state/directory.h"

#include <dirent.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include <algorithm>
#include <memory>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/state/container_id.h"

namespace caisson::state {
namespace {

constexpr char kRecordFile[] = "state.json";
// The record until the container is created. A name of its own, so that the last step of a creation
// replaces no file: on ext4 that would write the new one to disk.
constexpr char kCreatingFile[] = "creating.json";
constexpr char kConfigFile[] = "config.json";

Error NoSuchContainer(const std::string& id) {
  return Error(Code::kNotFound, StrCat("container \"", id, "\" does not exist"), ENOENT);
}

Result<UniqueFd> OpenRoot(const std::string& root) {
  return OpenAt(kCwd, root, O_RDONLY | O_DIRECTORY);
}

Result<UniqueFd> MakeRoot(const std::string& root) {
  if (auto there = OpenRoot(root); there || there.error().sys_errno() != ENOENT) return there;
  const auto slash = root.find_last_not_of('/');
  const auto parent = root.rfind('/', slash);
  if (parent != std::string::npos && parent > 0)
    CAISSON_TRY(MakeDirs(root.substr(0, parent), 0755), "state root \"", root, "\"");
  if (::mkdir(root.c_str(), 0700) < 0 && errno != EEXIST) return SysError("mkdir", root);
  return OpenRoot(root);
}

Result<UniqueFd> OpenContainer(const UniqueFd& root, const std::string& id) {
  // A symlink in its place is not ours.
  return OpenAt(root, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

// flock(2) knows no time limit and a signal to end the wait would belong to the whole program, so
// the wait is a few short sleeps; commands hold the lock for milliseconds.
void Pause(int tries) {
  constexpr long kLongestNs = 20'000'000;
  const timespec pause{0, std::min(kLongestNs, 200'000L << std::min(tries, 7))};
  ::nanosleep(&pause, nullptr);
}

}  // namespace

Directory& Directory::operator=(Directory&& other) noexcept {
  if (this != &other) {
    Unlock();
    root_ = std::move(other.root_);
    is_new_ = std::exchange(other.is_new_, false);
    dir_ = std::move(other.dir_);
    id_ = std::move(other.id_);
    locked_ = std::exchange(other.locked_, false);
  }
  return *this;
}

Result<Directory> Directory::Create(const std::string& root, const std::string& id) {
  CAISSON_TRY(CheckId(id));
  CAISSON_ASSIGN(UniqueFd root_fd, MakeRoot(root));
  if (::mkdirat(root_fd.get(), id.c_str(), 0700) < 0) {
    if (errno != EEXIST) return SysError("mkdir", StrCat(root, "/", id));
    return Error(Code::kAlreadyExists,
                 StrCat("container with given ID already exists: \"", id, "\""), EEXIST)
        .Hint("choose another id, or delete that container");
  }
  CAISSON_ASSIGN(UniqueFd dir, OpenContainer(root_fd, id));
  Directory made(std::move(root_fd), std::move(dir), id);
  // A delete --force between the two calls would take the name away; everything after fails then.
  if (::flock(made.dir_.get(), LOCK_EX | LOCK_NB) < 0)
    CAISSON_TRY(made.Lock(Deadline::After(std::chrono::seconds(1))));
  made.locked_ = true;
  made.is_new_ = true;
  return made;
}

Result<Directory> Directory::Open(const std::string& root, const std::string& id) {
  CAISSON_TRY(CheckId(id));
  auto root_fd = OpenRoot(root);
  if (!root_fd && root_fd.error().sys_errno() == ENOENT) return NoSuchContainer(id);
  if (!root_fd) return std::move(root_fd).error();
  auto dir = OpenContainer(*root_fd, id);
  if (!dir && dir.error().sys_errno() == ENOENT) return NoSuchContainer(id);
  if (!dir) return std::move(dir).error().Wrap(StrCat("state root \"", root, "\""));
  return Directory(std::move(root_fd).value(), std::move(dir).value(), id);
}

Status Directory::Lock(Deadline deadline) {
  for (int tries = 0; ::flock(dir_.get(), LOCK_EX | LOCK_NB) < 0; ++tries) {
    if (errno != EWOULDBLOCK && errno != EINTR) return SysError("flock", id_);
    if (deadline.passed())
      return Error(Code::kWrongState,
                   StrCat("container \"", id_, "\" is in use by another command"), EWOULDBLOCK);
    Pause(tries);
  }
  locked_ = true;
  // The wait may have ended because the holder removed it; a new one may have the name by now.
  CAISSON_ASSIGN(const bool there, IsStillThere());
  if (there) return Ok();
  Unlock();
  return NoSuchContainer(id_);
}

void Directory::Unlock() {
  if (!locked_ || !dir_.valid()) return;
  // Unlocked by name and not by close: a child that was forked meanwhile shares the lock.
  (void)::flock(dir_.get(), LOCK_UN);
  locked_ = false;
}

Result<bool> Directory::IsLocked() const {
  // A second open file description, since a lock does not conflict with itself.
  auto probe = OpenAt(dir_, ".", O_RDONLY | O_DIRECTORY);
  if (!probe && probe.error().sys_errno() == ENOENT) return false;
  if (!probe) return std::move(probe).error();
  if (::flock(probe->get(), LOCK_SH | LOCK_NB) == 0) return false;
  if (errno == EWOULDBLOCK) return true;
  return SysError("flock", id_);
}

Result<bool> Directory::IsStillThere() const {
  struct stat opened {};
  struct stat named {};
  if (::fstat(dir_.get(), &opened) < 0) return SysError("fstat", id_);
  if (::fstatat(root_.get(), id_.c_str(), &named, AT_SYMLINK_NOFOLLOW) < 0) {
    if (errno == ENOENT) return false;
    return SysError("stat", id_);
  }
  return opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

Result<Record> Directory::ReadRecord() const { return ReadRecordFile(kRecordFile); }

Result<Record> Directory::ReadRecordFile(std::string_view name) const {
  auto text = ReadSmallFileAt(dir_, std::string(name));
  if (!text && text.error().sys_errno() == ENOENT && name == kRecordFile)
    return ReadRecordFile(kCreatingFile);
  if ((!text && text.error().sys_errno() == ENOENT) || (text && text->empty())) {
    CAISSON_ASSIGN(const bool there, IsStillThere());
    if (!there) return NoSuchContainer(id_);
    return Error(Code::kNotFound,
                 StrCat("container \"", id_, "\" does not exist: its creation was interrupted"),
                 ENOENT)
        .Hint("remove it with delete --force");
  }
  if (!text) return std::move(text).error();
  auto record = ParseRecord(*text);
  if (record && record->id != id_)
    record = Error(Code::kInvalidSpec, StrCat("id: \"", record->id, "\" is another container's"));
  if (!record)
    return std::move(record)
        .error()
        .Wrap(StrCat("container \"", id_, "\": ", name))
        .Hint("remove it with delete --force");
  return record;
}

Status Directory::WriteRecord(const Record& record) {
  const char* const file = record.phase == Phase::kCreating ? kCreatingFile : kRecordFile;
  // The first one replaces nothing, so it needs no draft: a reader finds it empty or whole.
  if (std::exchange(is_new_, false)) return WriteNew(file, ToJson(record));
  return AtomicWriteAt(dir_, file, ToJson(record), 0600, Durability::kThisBoot);
}

Status Directory::WriteDraft(const Record& record) const {
  return WriteNew(kDraftFile, ToJson(record));
}

Status Directory::PublishDraft() const {
  if (::renameat(dir_.get(), kDraftFile, dir_.get(), kRecordFile) < 0)
    return SysError("rename", kDraftFile);
  return Ok();
}

Result<std::string> Directory::ReadConfig() const { return ReadSmallFileAt(dir_, kConfigFile); }

Status Directory::WriteConfig(std::string_view json) const {
  return WriteNew(kConfigFile, json);  // read only of containers whose record says created
}

Status Directory::WriteNew(const std::string& name, std::string_view bytes) const {
  CAISSON_ASSIGN(const UniqueFd file,
                 OpenAt(dir_, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600));
  return WriteAll(file, bytes, name);
}

bool Directory::HasStartGate() const {
  struct stat info {};
  return ::fstatat(dir_.get(), kStartGate, &info, AT_SYMLINK_NOFOLLOW) == 0;
}

// Everything that the record speaks of is gone by now, so its order among the files is free.
Status Directory::Remove() && {
  for (const char* const known : {kConfigFile, kCreatingFile, kRecordFile}) {
    if (::unlinkat(dir_.get(), known, 0) < 0 && errno != ENOENT) return SysError("unlink", known);
  }
  if (::unlinkat(root_.get(), id_.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT) {
    // Something else lies in it: the gate of one that was never started, a draft.
    CAISSON_TRY(RemoveTree(root_, id_), "state of container \"", id_, "\"");
  }
  return Ok();
}

Result<std::vector<std::string>> ListIds(const std::string& root) {
  std::vector<std::string> ids;
  const auto closer = [](DIR* stream) { ::closedir(stream); };
  const std::unique_ptr<DIR, decltype(closer)> stream(::opendir(root.c_str()), closer);
  if (!stream && errno == ENOENT) return ids;
  if (!stream) return SysError("opendir", root);
  while (const dirent* const entry = ::readdir(stream.get())) {
    const bool directory = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
    if (directory && CheckId(entry->d_name)) ids.emplace_back(entry->d_name);
  }
  std::sort(ids.begin(), ids.end());
  return ids;
}

}  // namespace caisson::state
