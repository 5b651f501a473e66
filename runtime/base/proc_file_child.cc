// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/proc_file.h"

namespace caisson {

int OpenProcFile(int proc_fd, const char* path, int flags) noexcept {
  open_how how{};
  how.flags = static_cast<unsigned long long>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS;
  long fd = -1;
  do {
    fd = ::syscall(SYS_openat2, proc_fd, path, &how, sizeof how);
  } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
  if (fd < 0) return -errno;
  struct statfs where {};
  if (::fstatfs(static_cast<int>(fd), &where) == 0 && where.f_type == PROC_SUPER_MAGIC)
    return static_cast<int>(fd);
  ::close(static_cast<int>(fd));
  return -EXDEV;
}

int WriteProcFile(int proc_fd, const char* path, const char* value, std::size_t size) noexcept {
  const int fd = OpenProcFile(proc_fd, path, O_WRONLY);
  if (fd < 0) return -fd;
  ssize_t written = -1;
  do {
    written = ::write(fd, value, size);
  } while (written < 0 && errno == EINTR);
  const int err = written < 0 ? errno : 0;
  ::close(fd);
  return err;
}

}  // namespace caisson
