// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/limits.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/process/exec_block.h"

namespace caisson::process {
namespace {

// What Go's os/exec looks at: a file, not a directory, that may be executed.
int CheckExecutable(const char* path) noexcept {
  struct stat info {};
  if (::stat(path, &info) != 0) return errno;
  if (S_ISDIR(info.st_mode)) return EACCES;
  if (::faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) != 0) return errno;
  return 0;
}

}  // namespace

Executable ResolveExecutable(const ExecView& view) noexcept {
  int err = ENOENT;
  for (std::size_t i = 0; i < view.candidate_count; ++i) {
    err = CheckExecutable(view.candidates[i]);
    if (err == 0) return {.path = view.candidates[i], .sys_errno = 0};
  }
  return {.path = nullptr, .sys_errno = err};
}

int EnterCwd(const ExecView& view) noexcept {
  // The root itself: no link on the way, and nothing beyond it.
  if (view.cwd[0] == '/' && view.cwd[1] == '\0') return ::chdir("/") == 0 ? 0 : errno;
  // A magic link of /proc would lead through a descriptor that is still open here.
  open_how how{};
  how.flags = O_PATH | O_DIRECTORY | O_CLOEXEC;
  how.resolve = RESOLVE_NO_MAGICLINKS;
  const long opened = ::syscall(SYS_openat2, AT_FDCWD, view.cwd, &how, sizeof how);
  if (opened < 0) return errno;
  const int changed = ::fchdir(static_cast<int>(opened));
  const int change_errno = errno;
  ::close(static_cast<int>(opened));
  if (changed != 0) return change_errno;
  // The system call itself, whose answer for a directory out of reach is "(unreachable)...".
  char where[PATH_MAX + 1];
  const long size = ::syscall(SYS_getcwd, where, sizeof where);
  if (size > 0 && where[0] == '/') return 0;
  const int err = size < 0 ? errno : EXDEV;
  // Nothing may be done from there by mistake.
  if (::chdir("/") != 0) return errno;
  return err;
}

int Execute(const ExecView& view, const char* path) noexcept {
  ::execve(path, view.argv, view.envp);
  return errno;
}

}  // namespace caisson::process
