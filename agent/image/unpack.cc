// SPDX-License-Identifier: Apache-2.0
#include "agent/image/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#include <memory>
#include <set>

#include "agent/image/entry.h"
#include "runtime/base/path.h"
#include "runtime/base/strings.h"

namespace caisson::image {
namespace {

constexpr std::string_view kWhiteout = ".wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";
constexpr std::string_view kAufs = ".wh..wh.";

class Unpacker {
 public:
  Unpacker(FdView root, const UnpackSource& source, UnpackAs as)
      : root_(root), source_(source), layer_(as == UnpackAs::kLayer) {}

  Result<std::uint64_t> Run() {
    while (true) {
      archive_entry* raw = nullptr;
      const int got = archive_read_next_header(source_.entries, &raw);
      if (got == ARCHIVE_EOF) break;
      // A warning is about names that the C locale cannot show; ReadEntry takes them as UTF-8.
      if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return Damaged();
      CAISSON_ASSIGN(const Entry entry, ReadEntry(raw, source_.strip_prefix));
      CAISSON_TRY(Apply(entry), "\"", entry.path(), "\"");
    }
    CAISSON_TRY(SetDirectoryTimes());
    return bytes_;
  }

 private:
  struct DirectoryTime {
    std::string path;
    timespec modified;
  };

  Error Damaged() const {
    const char* const text = archive_error_string(source_.entries);
    return Error(Code::kInvalidSpec, text != nullptr ? text : "damaged archive");
  }

  Status Apply(const Entry& entry) {
    if (entry.name.empty()) return ApplyRoot(entry);
    CAISSON_TRY(EnterFolder(entry.folder));
    if (layer_ && entry.name == kOpaque) return RemoveOlder(entry.folder);
    if (layer_ && entry.name.starts_with(kAufs)) return Ok();  // left-overs of another file system
    if (layer_ && entry.name.starts_with(kWhiteout)) return ApplyWhiteout(entry);
    CAISSON_TRY(MakeRoom(entry));
    CAISSON_TRY(Make(entry));
    Remember(entry.path());
    return Ok();
  }

  Status ApplyRoot(const Entry& entry) {
    if (!layer_ || !S_ISDIR(entry.mode)) return Ok();
    if (::fchownat(root_.get(), ".", entry.uid, entry.gid, 0) < 0) return SysError("chown", "/");
    if (::fchmodat(root_.get(), ".", entry.mode & 07777, 0) < 0) return SysError("chmod", "/");
    directory_times_.push_back({".", entry.modified});
    return Ok();
  }

  // Opens the folder that the next entries go to; archives list the entries of one together.
  Status EnterFolder(const std::string& folder) {
    if (folder_fd_.valid() && folder == folder_) return Ok();
    CAISSON_ASSIGN(folder_fd_, MakeDirsInRoot(root_, StrCat("./", folder), layer_ ? 0755 : 0700));
    folder_ = folder;
    return Ok();
  }

  Status ApplyWhiteout(const Entry& entry) {
    const std::string name = entry.name.substr(kWhiteout.size());
    if (name.empty() || name == "." || name == "..")
      return Error(Code::kInvalidSpec, "is a whiteout of nothing");
    return Remove(name);
  }

  Status Remove(const std::string& name) {
    CAISSON_TRY(RemoveTree(folder_fd_, name));
    // The open folder may have been below it, by way of a symlink.
    const std::string folder = folder_;
    folder_fd_.Reset();
    return EnterFolder(folder);
  }

  // An opaque folder hides what lower layers have in it, in whatever place of the archive the mark
  // stands: what this layer brought stays.
  Status RemoveOlder(const std::string& folder) {
    CAISSON_ASSIGN(UniqueFd dir, OpenAt(folder_fd_, ".", O_RDONLY | O_DIRECTORY));
    const auto closer = [](DIR* stream) { ::closedir(stream); };
    const std::unique_ptr<DIR, decltype(closer)> stream(::fdopendir(dir.get()), closer);
    if (!stream) return SysError("fdopendir", folder);
    (void)dir.Release();  // closedir owns it now
    std::vector<std::string> names;
    while (const dirent* const item = ::readdir(stream.get())) names.emplace_back(item->d_name);
    for (const std::string& name : names) {
      if (name == "." || name == "..") continue;
      const std::string path = folder.empty() ? name : StrCat(folder, "/", name);
      CAISSON_TRY(EnterFolder(folder));
      if (!brought_.contains(path)) {
        CAISSON_TRY(Remove(name));
        continue;
      }
      struct stat info {};
      if (::fstatat(folder_fd_.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0 &&
          S_ISDIR(info.st_mode)) {
        CAISSON_TRY(EnterFolder(path));
        CAISSON_TRY(RemoveOlder(path));
      }
    }
    return Ok();
  }

  void Remember(const std::string& path) {
    if (!layer_) return;
    for (auto end = path.size(); end != std::string::npos && end != 0;
         end = path.rfind('/', end - 1))
      if (!brought_.insert(path.substr(0, end)).second) return;  // its folders are there too
  }

  // Takes away what stands in the entry's place, unless both are directories.
  Status MakeRoom(const Entry& entry) {
    struct stat info {};
    if (::fstatat(folder_fd_.get(), entry.name.c_str(), &info, AT_SYMLINK_NOFOLLOW) < 0) {
      if (errno == ENOENT) return Ok();
      return SysError("stat", entry.name);
    }
    const bool both_directories = S_ISDIR(info.st_mode) && IsDirectory(entry);
    if (both_directories) return Ok();
    return Remove(entry.name);
  }

  static bool IsDirectory(const Entry& entry) { return !entry.hard_link && S_ISDIR(entry.mode); }

  Status Make(const Entry& entry) {
    if (entry.hard_link) return MakeHardLink(entry);
    if (S_ISDIR(entry.mode)) return MakeDirectory(entry);
    if (S_ISREG(entry.mode)) return MakeFile(entry);
    if (S_ISLNK(entry.mode)) return MakeSymlink(entry);
    if (layer_ && (S_ISCHR(entry.mode) || S_ISBLK(entry.mode) || S_ISFIFO(entry.mode)))
      return MakeNode(entry);
    return Error(Code::kInvalidSpec, "is of a kind that cannot be unpacked");
  }

  Status MakeDirectory(const Entry& entry) {
    if (::mkdirat(folder_fd_.get(), entry.name.c_str(), 0700) < 0 && errno != EEXIST)
      return SysError("mkdir", entry.name);
    if (layer_) directory_times_.push_back({entry.path(), entry.modified});
    return SetAttributes(entry);
  }

  Status MakeFile(const Entry& entry) {
    CAISSON_ASSIGN(const UniqueFd file,
                   OpenAt(folder_fd_, entry.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
    while (true) {
      const void* bytes = nullptr;
      std::size_t size = 0;
      la_int64_t offset = 0;
      const int got = archive_read_data_block(source_.entries, &bytes, &size, &offset);
      if (got == ARCHIVE_EOF) break;
      if (got != ARCHIVE_OK && got != ARCHIVE_WARN) return Damaged();
      CAISSON_TRY(WriteAt(file, {static_cast<const char*>(bytes), size}, offset));
    }
    // Holes at the end of a sparse file are no blocks.
    if (::ftruncate(file.get(), entry.size) < 0) return SysError("ftruncate", entry.name);
    bytes_ += static_cast<std::uint64_t>(entry.size);
    return SetAttributes(entry);
  }

  static Status WriteAt(const UniqueFd& file, std::string_view bytes, la_int64_t offset) {
    while (!bytes.empty()) {
      const ssize_t put =
          TEMP_FAILURE_RETRY(::pwrite(file.get(), bytes.data(), bytes.size(), offset));
      if (put < 0) return SysError("write", "contents");
      bytes.remove_prefix(static_cast<std::size_t>(put));
      offset += put;
    }
    return Ok();
  }

  Status MakeSymlink(const Entry& entry) {
    if (::symlinkat(entry.symlink.c_str(), folder_fd_.get(), entry.name.c_str()) < 0)
      return SysError("symlink", entry.name);
    return SetAttributes(entry);
  }

  Status MakeNode(const Entry& entry) {
    // Overlayfs takes such a device for a whiteout, and would hide files of lower layers.
    if (S_ISCHR(entry.mode) && entry.device == 0)
      return Error(Code::kInvalidSpec, "is a character device 0:0");
    if (::mknodat(folder_fd_.get(), entry.name.c_str(), (entry.mode & S_IFMT) | 0600,
                  entry.device) < 0)
      return SysError("mknod", entry.name);
    return SetAttributes(entry);
  }

  // The link's target is resolved inside the root like any path, its last part never followed.
  Status MakeHardLink(const Entry& entry) {
    const std::string& target = *entry.hard_link;
    const auto slash = target.rfind('/');
    const std::string folder = slash == std::string::npos ? "." : target.substr(0, slash);
    const std::string name = slash == std::string::npos ? target : target.substr(slash + 1);
    CAISSON_ASSIGN(const UniqueFd dir, OpenInRoot(root_, folder, O_PATH | O_DIRECTORY),
                   "hard link to \"", target, "\"");
    if (::linkat(dir.get(), name.c_str(), folder_fd_.get(), entry.name.c_str(), 0) < 0)
      return SysError("link", target);
    return Ok();
  }

  // Owner before mode and mode before attributes: a change of owner clears setuid bits and
  // capabilities.
  Status SetAttributes(const Entry& entry) {
    if (!layer_) return Ok();
    const char* const name = entry.name.c_str();
    if (::fchownat(folder_fd_.get(), name, entry.uid, entry.gid, AT_SYMLINK_NOFOLLOW) < 0)
      return SysError("chown", entry.name);
    // The entry was made or checked by this process and is no symlink here.
    if (!S_ISLNK(entry.mode) && ::fchmodat(folder_fd_.get(), name, entry.mode & 07777, 0) < 0)
      return SysError("chmod", entry.name);
    for (const auto& [key, value] : entry.xattrs) {
      const std::string path = StrCat(FdPath(folder_fd_), "/", entry.name);
      if (::lsetxattr(path.c_str(), key.c_str(), value.data(), value.size(), 0) < 0 &&
          !(key.starts_with("user.") && (errno == EPERM || errno == ENOTSUP)))
        return SysError(StrCat("set attribute ", key), entry.name);
    }
    const timespec times[2] = {entry.modified, entry.modified};
    if (::utimensat(folder_fd_.get(), name, times, AT_SYMLINK_NOFOLLOW) < 0)
      return SysError("utimensat", entry.name);
    return Ok();
  }

  // At the end, because every entry that is made in a directory changes its time.
  Status SetDirectoryTimes() const {
    for (const DirectoryTime& item : directory_times_) {
      const auto dir =
          OpenInRoot(root_, StrCat("./", item.path), O_PATH | O_DIRECTORY | O_NOFOLLOW);
      if (!dir) continue;  // removed by a later entry
      const timespec times[2] = {item.modified, item.modified};
      if (::utimensat(dir->get(), "", times, AT_EMPTY_PATH) < 0)
        return SysError("utimensat", item.path);
    }
    return Ok();
  }

  FdView root_;
  const UnpackSource& source_;
  bool layer_;
  std::string folder_;
  UniqueFd folder_fd_;
  std::set<std::string> brought_;  // paths that this layer has made so far
  std::vector<DirectoryTime> directory_times_;
  std::uint64_t bytes_ = 0;
};

}  // namespace

Result<std::uint64_t> Unpack(FdView root, const UnpackSource& source, UnpackAs as) {
  Unpacker unpacker(root, source, as);
  auto bytes = unpacker.Run();
  if (!bytes) return std::move(bytes).error().Wrap(source.shown_as);
  return bytes;
}

}  // namespace caisson::image
