// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/create_options.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/base/path.h"

namespace caisson::cli {
namespace {

// Sockets that systemd passed to this process. Without LISTEN_PID, or with another process's, the
// variable was inherited and means nothing. Source: sd_listen_fds(3).
int ListenFds() {
  const char* const count = ::getenv("LISTEN_FDS");
  const char* const pid = ::getenv("LISTEN_PID");
  if (count == nullptr || pid == nullptr || ParseInt<pid_t>(pid) != ::getpid()) return 0;
  return ParseInt<int>(count).value_or(0);
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

Result<int> PreservedFds(const Parsed& options, int listen_fds) {
  const std::string text = options.Get("preserve-fds", "0");
  const auto count = ParseInt<int>(text);
  constexpr int kMost = 1 << 16;
  if (!count || *count < 0 || *count > kMost)
    return Error(Code::kInvalidSpec, StrCat("invalid value \"", text, "\" for --preserve-fds"));
  const int total = *count + listen_fds;
  for (int fd = 3; fd < 3 + total; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0)
      return Error(Code::kInvalidSpec,
                   StrCat("--preserve-fds ", *count, ": descriptor ", fd, " is not open"));
    // Not ours to close at execve, whatever it was opened with.
    ::fcntl(fd, F_SETFD, 0);
  }
  return total;
}

Result<container::CreateOptions> MakeCreateOptions(const Invocation& invocation) {
  const Parsed& options = invocation.options;
  container::CreateOptions create;
  create.id = invocation.id();
  CAISSON_ASSIGN(create.bundle, AbsolutePath(options.Get("bundle", ".")));
  CAISSON_ASSIGN(create.config_path, AbsolutePath(options.Get("config")));
  CAISSON_ASSIGN(create.pid_file, AbsolutePath(options.Get("pid-file")));
  create.console.socket_path = options.Get("console-socket");
  create.pidfd_socket = options.Get("pidfd-socket");
  const int listen_fds = ListenFds();
  create.pass_listen_fds = listen_fds > 0;
  CAISSON_ASSIGN(create.preserve_fds, PreservedFds(options, listen_fds));
  create.no_pivot = options.On("no-pivot");
  create.no_new_keyring = options.On("no-new-keyring");
  create.notify_socket = NotifySocket();
  return create;
}

}  // namespace caisson::cli
