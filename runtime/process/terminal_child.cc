// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/process/terminal.h"

namespace caisson::process {
namespace {

bool OnDevpts(int fd) noexcept {
  struct statfs where {};
  return ::fstatfs(fd, &where) == 0 && where.f_type == DEVPTS_SUPER_MAGIC;
}

TerminalFailure Failed(TerminalStep step, int sys_errno) noexcept {
  return {.step = step, .sys_errno = sys_errno};
}

TerminalFailure OpenPair(int devpts_fd, Terminal& terminal) noexcept {
  constexpr int kFlags = O_RDWR | O_NOCTTY | O_CLOEXEC;
  terminal.master = ::openat(devpts_fd, "ptmx", kFlags | O_NOFOLLOW);
  if (terminal.master < 0) return Failed(TerminalStep::kOpenPtmx, errno);
  if (!OnDevpts(terminal.master)) return Failed(TerminalStep::kForeign, EXDEV);
  const int unlocked = 0;
  if (::ioctl(terminal.master, TIOCSPTLCK, &unlocked) != 0)
    return Failed(TerminalStep::kUnlock, errno);
  terminal.slave = ::ioctl(terminal.master, TIOCGPTPEER, kFlags);
  if (terminal.slave < 0) return Failed(TerminalStep::kPeer, errno);
  if (!OnDevpts(terminal.slave)) return Failed(TerminalStep::kForeign, EXDEV);
  return {};
}

TerminalFailure Configure(const Terminal& terminal, const TerminalPlan& plan) noexcept {
  if (plan.rows != 0 || plan.columns != 0) {
    winsize size{};
    size.ws_row = plan.rows;
    size.ws_col = plan.columns;
    if (::ioctl(terminal.master, TIOCSWINSZ, &size) != 0) return Failed(TerminalStep::kSize, errno);
  }
  // Now, as the program may write before the relay begins.
  termios settings{};
  if (plan.plain_line_ends && ::ioctl(terminal.slave, TCGETS, &settings) == 0) {
    settings.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
    (void)::ioctl(terminal.slave, TCSETS, &settings);
  }
  if (plan.uid != 0 && ::fchown(terminal.slave, plan.uid, static_cast<gid_t>(-1)) != 0)
    return Failed(TerminalStep::kOwner, errno);
  return {};
}

int OpenIn(int root_fd, const char* path, int flags) noexcept {
  open_how how{};
  how.flags = static_cast<unsigned long long>(flags) | O_CLOEXEC;
  how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
  return static_cast<int>(::syscall(SYS_openat2, root_fd, path, &how, sizeof how));
}

// dev/console itself, made when it is not there; -1 with errno.
int OpenConsole(int root_fd) noexcept {
  const int dev = OpenIn(root_fd, "dev", O_PATH | O_DIRECTORY);
  if (dev < 0) return -1;
  int made = ::openat(dev, "console", O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (made >= 0) ::close(made);
  const bool there = made >= 0 || errno == EEXIST;
  const int console = there ? ::openat(dev, "console", O_PATH | O_NOFOLLOW | O_CLOEXEC) : -1;
  const int err = errno;
  ::close(dev);
  errno = err;
  struct stat info {};
  if (console >= 0 && ::fstat(console, &info) == 0 && S_ISLNK(info.st_mode)) {
    ::close(console);
    errno = ELOOP;
    return -1;
  }
  return console;
}

}  // namespace

Terminal OpenTerminal(int devpts_fd, const TerminalPlan& plan) noexcept {
  Terminal terminal;
  terminal.failure = OpenPair(devpts_fd, terminal);
  if (terminal.failure.ok()) terminal.failure = Configure(terminal, plan);
  return terminal;
}

TerminalFailure MountConsole(int root_fd, int slave) noexcept {
  const int tree = ::open_tree(slave, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
  if (tree < 0) return Failed(TerminalStep::kMountTree, errno);
  TerminalFailure failure;
  const int console = OpenConsole(root_fd);
  if (console < 0) {
    failure = Failed(TerminalStep::kMountTarget, errno);
  } else {
    if (::move_mount(tree, "", console, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) != 0)
      failure = Failed(TerminalStep::kMountMove, errno);
    ::close(console);
  }
  ::close(tree);
  return failure;
}

TerminalFailure AttachTerminal(int slave) noexcept {
  for (int fd = 0; fd <= 2; ++fd) {
    if (::dup2(slave, fd) < 0) return Failed(TerminalStep::kStdio, errno);
  }
  if (slave > 2) ::close(slave);
  if (::ioctl(0, TIOCSCTTY, 0) != 0) return Failed(TerminalStep::kControlling, errno);
  return {};
}

TerminalFailure SendTerminal(int socket, int master) noexcept {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof master)]{};
  iovec name{const_cast<char*>(kTerminalName), std::strlen(kTerminalName)};
  msghdr message{};
  message.msg_iov = &name;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof master);
  std::memcpy(CMSG_DATA(rights), &master, sizeof master);
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? Failed(TerminalStep::kSend, errno) : TerminalFailure{};
}

}  // namespace caisson::process
