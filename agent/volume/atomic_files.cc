// SPDX-License-Identifier: Apache-2.0
#include "agent/volume/atomic_files.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"

namespace caisson::volume {
namespace {

constexpr char kData[] = "..data";
constexpr char kDataDraft[] = "..data_tmp";

Status CheckPath(const std::string& path) {
  const auto bad = [&](std::string_view why) {
    return Error(Code::kInvalidSpec, StrCat("file \"", path, "\" ", why));
  };
  if (path.empty()) return bad("has no name");
  if (path.starts_with('/')) return bad("has an absolute path");
  if (path.starts_with("..")) return bad("begins with \"..\"");
  for (const std::string_view part : Split(path, '/')) {
    if (part == "..") return bad("has \"..\" in its path");
    if (part.empty() || part == ".") return bad("has an empty part in its path");
  }
  return Ok();
}

std::string FirstPart(const std::string& path) { return path.substr(0, path.find('/')); }

Result<std::vector<std::string>> NamesIn(FdView dir) {
  CAISSON_ASSIGN(UniqueFd again, OpenAt(dir, ".", O_RDONLY | O_DIRECTORY));
  const auto closer = [](DIR* stream) { ::closedir(stream); };
  const std::unique_ptr<DIR, decltype(closer)> stream(::fdopendir(again.get()), closer);
  if (!stream) return SysError("fdopendir", "volume");
  (void)again.Release();  // closedir owns it now
  std::vector<std::string> names;
  while (const dirent* const item = ::readdir(stream.get())) {
    const std::string name = item->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  return names;
}

// A symlink's target; empty when there is none of that name.
std::string ReadLink(FdView dir, const std::string& name) {
  std::array<char, 4096> text{};
  const ssize_t got = ::readlinkat(dir.get(), name.c_str(), text.data(), text.size());
  return got < 0 ? std::string() : std::string(text.data(), static_cast<std::size_t>(got));
}

mode_t ModeOf(const File& file, std::optional<gid_t> group) {
  // As Kubernetes: with an fsGroup the group may always read.
  return (file.mode & 0777) | (group ? 0040 : 0);
}

// The directory that ..data names, when it is one of ours.
Result<UniqueFd> OpenCurrent(FdView dir, const std::string& name) {
  if (!name.starts_with("..") || name.find('/') != std::string::npos)
    return Error(Code::kNotFound, "volume holds no files yet", ENOENT);
  return OpenAt(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

bool IsSame(FdView current, const File& file, std::optional<gid_t> group) {
  const auto fd = OpenInRoot(current, file.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  if (!fd) return false;
  struct stat info {};
  if (::fstat(fd->get(), &info) < 0 || !S_ISREG(info.st_mode)) return false;
  if ((info.st_mode & 07777) != ModeOf(file, group)) return false;
  if (group && info.st_gid != *group) return false;
  const auto bytes = ReadFd(*fd, file.path);
  return bytes && *bytes == file.bytes;
}

// Whoever may write into the volume can nest directories; ours are never as deep.
std::size_t CountFiles(FdView dir, const std::string& name, int depth = 0) {
  constexpr int kMaxDepth = 64;
  if (depth > kMaxDepth) return 1;
  const auto sub = OpenAt(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!sub) return 1;
  const auto names = NamesIn(*sub);
  std::size_t count = 0;
  for (const std::string& child : names ? *names : std::vector<std::string>())
    count += CountFiles(*sub, child, depth + 1);
  return count;
}

bool IsUpToDate(FdView dir, const std::string& current_name, const Files& files,
                std::optional<gid_t> group) {
  const auto current = OpenCurrent(dir, current_name);
  if (!current || CountFiles(dir, current_name) != files.files.size()) return false;
  return std::all_of(files.files.begin(), files.files.end(),
                     [&](const File& file) { return IsSame(*current, file, group); });
}

Status WriteOne(FdView root, const File& file, std::optional<gid_t> group) {
  const auto slash = file.path.rfind('/');
  UniqueFd folder;
  if (slash == std::string::npos) {
    CAISSON_ASSIGN(folder, OpenAt(root, ".", O_PATH | O_DIRECTORY));
  } else {
    CAISSON_ASSIGN(folder, MakeDirsInRoot(root, file.path.substr(0, slash), 0755));
  }
  const std::string name = slash == std::string::npos ? file.path : file.path.substr(slash + 1);
  CAISSON_ASSIGN(const UniqueFd fd,
                 OpenAt(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  CAISSON_TRY(WriteAll(fd, file.bytes, file.path));
  if (group && ::fchown(fd.get(), static_cast<uid_t>(-1), *group) < 0)
    return SysError("chown", file.path);
  if (::fchmod(fd.get(), ModeOf(file, group)) < 0) return SysError("chmod", file.path);
  return Ok();
}

// A new directory with a name that sorts by time, as Kubernetes has it.
Result<std::string> MakeStamped(FdView dir) {
  const time_t now = ::time(nullptr);
  tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 40> text{};
  (void)::strftime(text.data(), text.size(), "..%Y_%m_%d_%H_%M_%S", &utc);
  for (int i = 0; i < 1000; ++i) {
    std::string name = StrCat(text.data(), ".", i);
    if (::mkdirat(dir.get(), name.c_str(), 0755) == 0) {
      if (::fchmodat(dir.get(), name.c_str(), 0755, 0) < 0) return SysError("chmod", name);
      return name;
    }
    if (errno != EEXIST) return SysError("mkdir", name);
  }
  return Error(Code::kSystem, "volume: no free name for a directory", EEXIST);
}

Status LinkTo(FdView dir, const std::string& target, const std::string& name,
              const std::string& draft) {
  CAISSON_TRY(RemoveTree(dir, draft));
  if (::symlinkat(target.c_str(), dir.get(), draft.c_str()) < 0) return SysError("symlink", draft);
  if (::renameat(dir.get(), draft.c_str(), dir.get(), name.c_str()) == 0) return Ok();
  // Something that is no link stands there, which only a container can have put.
  CAISSON_TRY(RemoveTree(dir, name));
  if (::renameat(dir.get(), draft.c_str(), dir.get(), name.c_str()) < 0)
    return SysError("rename", name);
  return Ok();
}

// Links for what is new, and none for what is gone. Old directories go last.
Status TidyUp(FdView dir, const std::string& current, const Files& files) {
  std::set<std::string> wanted;
  for (const File& file : files.files) wanted.insert(FirstPart(file.path));
  for (const std::string& name : wanted) {
    const std::string target = StrCat(kData, "/", name);
    if (ReadLink(dir, name) != target) CAISSON_TRY(LinkTo(dir, target, name, kDataDraft));
  }
  CAISSON_ASSIGN(const std::vector<std::string> names, NamesIn(dir));
  for (const std::string& name : names)
    if (name != kData && name != current && !wanted.contains(name))
      CAISSON_TRY(RemoveTree(dir, name));
  return Ok();
}

}  // namespace

Result<bool> WriteFiles(FdView dir, const Files& files, std::optional<gid_t> group) {
  for (const File& file : files.files) CAISSON_TRY(CheckPath(file.path));
  const std::string old = ReadLink(dir, kData);
  if (IsUpToDate(dir, old, files, group)) {
    CAISSON_TRY(TidyUp(dir, old, files));
    return false;
  }
  CAISSON_ASSIGN(const std::string fresh, MakeStamped(dir));
  CAISSON_ASSIGN(const UniqueFd root, OpenAt(dir, fresh, O_PATH | O_DIRECTORY | O_NOFOLLOW));
  for (const File& file : files.files) CAISSON_TRY(WriteOne(root, file, group));
  CAISSON_TRY(LinkTo(dir, fresh, kData, kDataDraft));
  CAISSON_TRY(TidyUp(dir, fresh, files));
  return true;
}

}  // namespace caisson::volume
