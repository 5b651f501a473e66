// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/old_mounts_child.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstring>

namespace caisson::rootfs {
namespace {

// The end of the line's `count`-th word (from 1) and its beginning.
struct Word {
  char* begin = nullptr;
  char* end = nullptr;
};
Word WordOf(char* line, int count) noexcept {
  char* begin = line;
  for (; count > 1 && begin != nullptr; --count) {
    begin = std::strchr(begin, ' ');
    if (begin != nullptr) ++begin;
  }
  if (begin == nullptr) return {};
  return {begin, begin + std::strcspn(begin, " ")};
}

// "\040" and the like, in place. Source: proc_pid_mountinfo(5).
void Unescape(char* text) noexcept {
  const auto digit = [](char c) { return c >= '0' && c <= '7'; };
  char* out = text;
  while (*text != '\0') {
    if (text[0] == '\\' && digit(text[1]) && digit(text[2]) && digit(text[3])) {
      *out++ = static_cast<char>((text[1] - '0') * 64 + (text[2] - '0') * 8 + (text[3] - '0'));
      text += 4;
    } else {
      *out++ = *text++;
    }
  }
  *out = '\0';
}

int DetachIfKernels(char* line) noexcept {
  const char* const type = std::strstr(line, " - ");
  if (type == nullptr) return 0;
  if (std::strncmp(type + 3, "proc ", 5) != 0 && std::strncmp(type + 3, "sysfs ", 6) != 0) return 0;
  const Word point = WordOf(line, 5);
  if (point.begin == nullptr) return 0;
  *point.end = '\0';
  Unescape(point.begin);
  // EINVAL: gone already with the one that it lay in, or one of the container's.
  if (::umount2(point.begin, MNT_DETACH | UMOUNT_NOFOLLOW) == 0) return 0;
  return errno == EINVAL || errno == ENOENT ? 0 : -1;
}

// Runs DetachIfKernels on each whole line; what is left moves to the front.
int TakeLines(char* text, std::size_t* size) noexcept {
  char* line = text;
  while (true) {
    const auto left = static_cast<std::size_t>(text + *size - line);
    auto* const end = static_cast<char*>(std::memchr(line, '\n', left));
    if (end == nullptr) {
      std::memmove(text, line, left);
      *size = left;
      return 0;
    }
    *end = '\0';
    if (DetachIfKernels(line) < 0) return -1;
    line = end + 1;
  }
}

}  // namespace

int DetachKernelMounts() noexcept {
  const int table = ::open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
  if (table < 0) return -1;
  char text[4 * PATH_MAX];
  std::size_t size = 0;
  while (true) {
    const ssize_t got = ::read(table, text + size, sizeof text - size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      const int saved = errno;
      ::close(table);
      errno = saved;
      return got < 0 ? -1 : 0;
    }
    size += static_cast<std::size_t>(got);
    if (TakeLines(text, &size) < 0) return -1;
    if (size == sizeof text) return errno = EOVERFLOW, -1;
  }
}

}  // namespace caisson::rootfs
