// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/path.h"

#include <dirent.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <memory>
#include <vector>

namespace caisson {
namespace {

Result<UniqueFd> OpenHow(FdView dir, const std::string& path, int flags, mode_t mode,
                         std::uint64_t resolve) {
  constexpr int kMaxTries = 128;
  open_how how{};
  how.flags = static_cast<std::uint64_t>(flags) | O_CLOEXEC;
  how.mode = mode;
  how.resolve = resolve;
  for (int tries = 1;; ++tries) {
    const long fd = ::syscall(SYS_openat2, dir.get(), path.c_str(), &how, sizeof how);
    if (fd >= 0) return UniqueFd(static_cast<int>(fd));
    const bool transient = errno == EINTR || errno == EAGAIN;
    if (!transient || tries == kMaxTries) return SysError("openat2", path);
  }
}

// Removes a directory with everything below. It holds one directory open, not one for each level: a
// container can nest thousands, more than there are descriptors. The way back up is "..", taken
// only when it leads to the directory that the walk came from: who moves a directory meanwhile must
// not lead the walk out of the tree.
class TreeRemover {
 public:
  // Removes the directory `top` in `dir`.
  Status Remove(FdView dir, const std::string& top) {
    CAISSON_TRY(Enter(dir, top));
    while (!levels_.empty()) {
      if (Level& level = levels_.back(); !level.left.empty()) {
        const std::string next = std::move(level.left.back());
        level.left.pop_back();
        CAISSON_TRY(Enter(at_, next), Shown(next));
        continue;
      }
      const std::string name = std::move(levels_.back().name);
      levels_.pop_back();
      if (!levels_.empty()) CAISSON_TRY(Leave(name));
      const FdView parent = levels_.empty() ? dir : FdView(at_);
      if (::unlinkat(parent.get(), name.c_str(), AT_REMOVEDIR) < 0 && errno != ENOENT)
        return SysError("rmdir", Shown(name));
    }
    return Ok();
  }

 private:
  // A directory on the way from the top to where the walk is.
  struct Level {
    std::string name;
    dev_t device = 0;
    ino_t inode = 0;
    std::vector<std::string> left;  // the directories in it that are still to be removed
  };

  // Goes into a directory, if it is still there, and removes all in it but the directories.
  Status Enter(FdView parent, const std::string& name) {
    auto opened = OpenHow(parent, name, O_RDONLY | O_DIRECTORY, 0,
                          RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
    if (!opened && opened.error().sys_errno() == ENOENT) return Ok();
    if (!opened) return std::move(opened).error();
    at_ = std::move(opened).value();
    struct stat found {};
    if (::fstat(at_.get(), &found) < 0) return SysError("fstat", name);
    levels_.push_back({name, found.st_dev, found.st_ino, {}});
    return RemoveFiles(levels_.back());
  }

  Status RemoveFiles(Level& level) {
    UniqueFd listed(::fcntl(at_.get(), F_DUPFD_CLOEXEC, 0));
    if (!listed.valid()) return SysError("fcntl F_DUPFD_CLOEXEC", Shown("."));
    const auto closer = [](DIR* stream) { ::closedir(stream); };
    const std::unique_ptr<DIR, decltype(closer)> stream(::fdopendir(listed.get()), closer);
    if (!stream) return SysError("fdopendir", Shown("."));
    (void)listed.Release();  // closedir owns it now
    while (true) {
      errno = 0;
      const dirent* const entry = ::readdir(stream.get());
      if (entry == nullptr) break;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (::unlinkat(at_.get(), entry->d_name, 0) == 0 || errno == ENOENT) continue;
      if (errno != EISDIR && errno != EPERM) return SysError("unlink", Shown(name));
      level.left.emplace_back(name);
    }
    if (errno != 0) return SysError("readdir", Shown("."));
    return Ok();
  }

  // Goes back up to levels_.back().
  Status Leave(const std::string& name) {
    CAISSON_ASSIGN(UniqueFd up, OpenHow(at_, "..", O_PATH | O_DIRECTORY, 0, RESOLVE_NO_XDEV));
    struct stat found {};
    if (::fstat(up.get(), &found) < 0) return SysError("fstat", StrCat(Shown(name), "/.."));
    const Level& level = levels_.back();
    if (found.st_dev != level.device || found.st_ino != level.inode) {
      errno = ESTALE;
      return SysError("remove a directory that was moved meanwhile", Shown(name));
    }
    at_ = std::move(up);
    return Ok();
  }

  // The path of what is at `name` in levels_.back(); made for errors only, as it can be long.
  std::string Shown(std::string_view name) const {
    std::string shown;
    for (const Level& level : levels_) shown.append(level.name).append("/");
    return shown.append(name);
  }

  UniqueFd at_;  // the directory of levels_.back()
  std::vector<Level> levels_;
};

}  // namespace

Result<UniqueFd> OpenAt(FdView dir, const std::string& path, int flags, mode_t mode) {
  while (true) {
    const int fd = ::openat(dir.get(), path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0) return UniqueFd(fd);
    if (errno != EINTR) return SysError("open", path);
  }
}

Result<UniqueFd> OpenInRoot(FdView root, const std::string& path, int flags, mode_t mode) {
  return OpenHow(root, path, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

Result<UniqueFd> MakeDirsInRoot(FdView root, const std::string& path, mode_t mode) {
  // The longest part that is there already is opened as a whole, so that its symlinks and ".." mean
  // what they mean to the container; what is missing below it has none.
  if (auto whole = OpenInRoot(root, path, O_PATH | O_DIRECTORY); whole) return whole;
  std::string done = ".";
  CAISSON_ASSIGN(UniqueFd at, OpenAt(root, ".", O_PATH | O_DIRECTORY));
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    done.append("/").append(part);
    auto next = OpenInRoot(root, done, O_PATH | O_DIRECTORY);
    if (!next && next.error().sys_errno() == ENOENT) {
      const std::string name(part);
      if (::mkdirat(at.get(), name.c_str(), mode) < 0 && errno != EEXIST)
        return SysError("mkdir", done);
      next = OpenHow(at, name, O_PATH | O_DIRECTORY, 0, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
    }
    if (!next) return std::move(next).error();
    at = std::move(next).value();
  }
  return at;
}

Status MakeDirs(const std::string& path, mode_t mode) {
  for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (!part.empty() && ::mkdir(part.c_str(), mode) < 0 && errno != EEXIST)
      return SysError("mkdir", part);
    if (end == std::string::npos) return Ok();
  }
}

std::string FdPath(FdView fd) { return StrCat("/proc/self/fd/", fd.get()); }

std::string CleanPath(std::string_view path) {
  std::vector<std::string_view> kept;
  for (const std::string_view part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") {
      kept.push_back(part);
    } else if (!kept.empty()) {
      kept.pop_back();
    }
  }
  std::string out;
  for (const std::string_view part : kept) {
    if (!out.empty() || path.starts_with('/')) out.push_back('/');
    out.append(part);
  }
  if (out.empty()) return path.starts_with('/') ? "/" : ".";
  return out;
}

Status RemoveTree(FdView dir, const std::string& name) {
  if (::unlinkat(dir.get(), name.c_str(), 0) == 0 || errno == ENOENT) return Ok();
  if (errno != EISDIR && errno != EPERM) return SysError("unlink", name);
  if (const auto slash = name.rfind('/'); slash != std::string::npos && slash + 1 < name.size()) {
    CAISSON_ASSIGN(const UniqueFd parent,
                   OpenAt(dir, slash == 0 ? "/" : name.substr(0, slash), O_PATH | O_DIRECTORY));
    return RemoveTree(parent, name.substr(slash + 1));
  }
  return TreeRemover().Remove(dir, name);
}

}  // namespace caisson
