// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/handover.h"

#include "runtime/base/file.h"
#include "runtime/base/socket.h"
#include "runtime/process/terminal.h"
#include "runtime/security/seccomp.h"

namespace caisson::container {

Status WritePidFile(const std::string& path, pid_t host_pid) {
  if (path.empty()) return Ok();
  return AtomicWriteAt(kCwd, path, StrCat(host_pid), 0644, Durability::kThisBoot);
}

Status SendPidfd(const std::string& socket_path, const Pidfd& process) {
  if (socket_path.empty()) return Ok();
  CAISSON_ASSIGN(const UniqueFd socket, ConnectUnix(socket_path, SocketType::kStream),
                 "pidfd socket");
  const int fd = process.fd().get();
  return SendPacket(socket, std::string_view("\0", 1), {&fd, 1});
}

launch::NotifyFn SeccompNotifier(const spec::Linux& linux, const Pidfd& process,
                                 std::string state_json) {
  if (!linux.seccomp) return nullptr;
  return [path = linux.seccomp->listener_path, metadata = linux.seccomp->listener_metadata,
          pid = process.host_pid(), state = std::move(state_json)](FdView listener) {
    return security::SendSeccompListener(path, listener,
                                         security::ContainerProcessState(pid, metadata, state));
  };
}

Result<launch::Descriptors> MakeDescriptors(const Stdio& stdio, const Console& console,
                                            bool terminal, int preserve_fds,
                                            const std::vector<int>& extra_fds,
                                            UniqueFd& console_socket) {
  if (terminal && console.socket_path.empty() && console.master == nullptr)
    return Error(Code::kInvalidSpec, "process.terminal is true but there is no console socket")
        .Hint("give --console-socket, or set process.terminal to false");
  if (!terminal && !console.socket_path.empty())
    return Error(Code::kInvalidSpec, "console socket given but process.terminal is false")
        .Hint("leave --console-socket out, or set process.terminal to true");
  launch::Descriptors descriptors;
  descriptors.stdio[0] = stdio.in;
  descriptors.stdio[1] = stdio.out;
  descriptors.stdio[2] = stdio.err;
  descriptors.extra = extra_fds;
  descriptors.preserved = static_cast<unsigned>(preserve_fds);
  if (!console.socket_path.empty()) {
    CAISSON_ASSIGN(console_socket, process::ConnectConsole(console.socket_path));
    descriptors.console_socket = console_socket.get();
  }
  return descriptors;
}

}  // namespace caisson::container
