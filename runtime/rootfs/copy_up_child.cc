// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/copy_up_child.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace caisson::rootfs {
namespace {

constexpr int kMaxDepth = 64;

// One descriptor on the stack of the recursion. errno survives the close.
class Held {
 public:
  explicit Held(int fd) noexcept : fd_(fd) {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    const int saved = errno;
    if (fd_ >= 0) ::close(fd_);
    errno = saved;
  }
  int get() const noexcept { return fd_; }
  bool ok() const noexcept { return fd_ >= 0; }

 private:
  int fd_;
};

int CopyDirectory(int from, int to, int depth) noexcept;

int CopyBytes(int from, int to) noexcept {
  while (true) {
    const ssize_t moved = ::sendfile(to, from, nullptr, std::size_t{1} << 30);
    if (moved == 0) return 0;
    if (moved < 0 && errno != EINTR) return errno;
  }
}

// Owner before mode, because chown(2) takes setuid bits away.
int CopyMetadata(int to, const char* name, const struct stat& from) noexcept {
  if (::fchownat(to, name, from.st_uid, from.st_gid, AT_SYMLINK_NOFOLLOW) < 0) return errno;
  if (!S_ISLNK(from.st_mode) && ::fchmodat(to, name, from.st_mode & 07777, 0) < 0) return errno;
  const timespec times[2] = {from.st_atim, from.st_mtim};
  return ::utimensat(to, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? errno : 0;
}

int CopyFile(int from, int to, const char* name) noexcept {
  const Held in(::openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
  if (!in.ok()) return errno;
  const Held out(::openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!out.ok()) return errno;
  return CopyBytes(in.get(), out.get());
}

int CopyLink(int from, int to, const char* name) noexcept {
  char text[PATH_MAX];
  const ssize_t size = ::readlinkat(from, name, text, sizeof text);
  if (size < 0) return errno;
  if (size == sizeof text) return ENAMETOOLONG;
  text[size] = '\0';
  return ::symlinkat(text, to, name) < 0 ? errno : 0;
}

int CopySubdirectory(int from, int to, const char* name, int depth) noexcept {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  const Held in(::openat(from, name, kFlags));
  if (!in.ok()) return errno;
  if (::mkdirat(to, name, 0700) < 0 && errno != EEXIST) return errno;
  const Held out(::openat(to, name, kFlags));
  if (!out.ok()) return errno;
  return CopyDirectory(in.get(), out.get(), depth + 1);
}

int CopyEntry(int from, int to, const char* name, int depth) noexcept {
  struct stat found;
  if (::fstatat(from, name, &found, AT_SYMLINK_NOFOLLOW) < 0) return errno;
  int error = 0;
  switch (found.st_mode & S_IFMT) {
    case S_IFDIR: error = CopySubdirectory(from, to, name, depth); break;
    case S_IFREG: error = CopyFile(from, to, name); break;
    case S_IFLNK: error = CopyLink(from, to, name); break;
    case S_IFSOCK: return 0;
    default:
      if (::mknodat(to, name, found.st_mode, found.st_rdev) < 0) error = errno;
      break;
  }
  return error != 0 ? error : CopyMetadata(to, name, found);
}

// As getdents64(2) writes them.
struct Entry {
  std::uint64_t inode;
  std::int64_t offset;
  std::uint16_t size;
  std::uint8_t type;
  char name[1];
};

int CopyDirectory(int from, int to, int depth) noexcept {
  if (depth > kMaxDepth) return ELOOP;
  alignas(8) char buffer[8192];
  while (true) {
    const long got = ::syscall(SYS_getdents64, from, buffer, sizeof buffer);
    if (got <= 0) return got < 0 ? errno : 0;
    for (long at = 0; at < got;) {
      std::uint16_t size = 0;
      std::memcpy(&size, buffer + at + offsetof(Entry, size), sizeof size);
      const char* const name = buffer + at + offsetof(Entry, name);
      at += size;
      if (std::strcmp(name, ".") == 0 || std::strcmp(name, "..") == 0) continue;
      if (const int error = CopyEntry(from, to, name, depth); error != 0) return error;
    }
  }
}

}  // namespace

int CopyTree(int from, int to) noexcept {
  const Held in(::openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  return in.ok() ? CopyDirectory(in.get(), to, 0) : errno;
}

}  // namespace caisson::rootfs
