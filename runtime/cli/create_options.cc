// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/create_options.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/path.h"

namespace caisson::cli {
namespace {

constexpr int kMostFds = 1 << 16;

// What was there before this program, which opens nothing without the flag.
bool IsInherited(int fd) {
  const int flags = ::fcntl(fd, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

// Takes a free number until execve, lest a descriptor of ours come to lie among those that stay
// open in a created container.
Status Occupy(int fd) {
  if (::fcntl(fd, F_GETFD) >= 0) return Ok();
  CAISSON_ASSIGN(UniqueFd null, OpenAt(kCwd, "/dev/null", O_RDWR));
  if (null.get() == fd) {
    (void)null.Release();  // it is in place
    return Ok();
  }
  if (::dup3(null.get(), fd, O_CLOEXEC) < 0) return SysError("dup3", StrCat("descriptor ", fd));
  return Ok();
}

// Sockets that systemd passed on. With another process's LISTEN_PID the variable was inherited and
// means nothing. Without any it is taken, as with crun, but is no promise that they are there.
// Source: sd_listen_fds(3).
ListenFds PassedSockets() {
  const char* const count = ::getenv("LISTEN_FDS");
  const char* const pid = ::getenv("LISTEN_PID");
  if (count == nullptr) return {};
  const bool promised = pid != nullptr && *pid != '\0';
  if (promised && ParseInt<pid_t>(pid) != ::getpid()) return {};
  const int sockets = ParseInt<int>(count).value_or(0);
  if (sockets < 0 || sockets > kMostFds) return {};
  return {.count = sockets, .promised = promised};
}

}  // namespace

std::string NotifySocket() {
  const char* const path = ::getenv("NOTIFY_SOCKET");
  return path != nullptr ? path : "";
}

Result<std::string> AbsolutePath(const std::string& path) {
  if (path.empty()) return path;
  if (path.front() == '/') return CleanPath(path);
  char* const here = ::getcwd(nullptr, 0);
  if (here == nullptr) return SysError("getcwd", ".");
  std::string absolute = CleanPath(StrCat(here, "/", path));
  ::free(here);
  return absolute;
}

Result<int> PreservedFds(const Parsed& options, const ListenFds& sockets) {
  const std::string text = options.Get("preserve-fds", "0");
  const auto count = ParseInt<int>(text);
  if (!count || *count < 0 || *count > kMostFds)
    return Error(Code::kInvalidSpec, StrCat("invalid value \"", text, "\" for --preserve-fds"));
  const int total = sockets.count + *count;
  for (int fd = 3; fd < 3 + total; ++fd) {
    if (IsInherited(fd)) continue;
    if (fd >= 3 + sockets.count || sockets.promised)
      return Error(Code::kInvalidSpec,
                   StrCat("--preserve-fds ", *count, ": descriptor ", fd, " is not open"));
    CAISSON_TRY(Occupy(fd));
  }
  return total;
}

Result<container::CreateOptions> MakeCreateOptions(const Invocation& invocation) {
  const Parsed& options = invocation.options;
  container::CreateOptions create;
  create.id = invocation.id();
  const std::string bundle = options.Get("bundle");
  CAISSON_ASSIGN(create.bundle, AbsolutePath(bundle.empty() ? "." : bundle));
  CAISSON_ASSIGN(create.config_path, AbsolutePath(options.Get("config")));
  CAISSON_ASSIGN(create.pid_file, AbsolutePath(options.Get("pid-file")));
  create.console.socket_path = options.Get("console-socket");
  create.pidfd_socket = options.Get("pidfd-socket");
  const ListenFds sockets = PassedSockets();
  create.pass_listen_fds = sockets.count > 0;
  CAISSON_ASSIGN(create.preserve_fds, PreservedFds(options, sockets));
  create.no_pivot = options.On("no-pivot");
  create.no_new_keyring = options.On("no-new-keyring");
  create.notify_socket = NotifySocket();
  return create;
}

}  // namespace caisson::cli
