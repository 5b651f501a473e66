// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/notify_socket.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

#include "runtime/base/path.h"

namespace caisson::container {
namespace {

constexpr char kDirectory[] = "notify";
constexpr char kName[] = "notify.sock";
constexpr char kInContainer[] = "/run/notify";

// A path, or "@name" for the abstract namespace. Source: sd_notify(3), NOTIFY_SOCKET.
Result<socklen_t> FillAddress(const std::string& path, sockaddr_un& address) {
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    return Error(Code::kInvalidSpec, StrCat("NOTIFY_SOCKET \"", path, "\" is no socket's name"));
  std::memcpy(address.sun_path, path.data(), path.size());
  if (path.front() != '@') return static_cast<socklen_t>(sizeof address);
  address.sun_path[0] = '\0';
  return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
}

Result<UniqueFd> DatagramSocket() {
  UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.valid()) return SysError("socket", "NOTIFY_SOCKET");
  return socket;
}

bool SaysReady(std::string_view text) {
  for (const std::string_view line : Split(text, '\n'))
    if (line == "READY=1") return true;
  return false;
}

}  // namespace

Status AddNotifySocket(const state::Directory& directory, const std::string& state_path,
                       spec::Config& config) {
  if (::mkdirat(directory.fd().get(), kDirectory, 0755) < 0 && errno != EEXIST)
    return SysError("mkdir", StrCat(state_path, "/", kDirectory));
  config.mounts.push_back({.destination = kInContainer,
                           .type = "bind",
                           .source = StrCat(state_path, "/", kDirectory),
                           .options = {"bind", "nosuid", "noexec", "nodev", "ro"}});
  if (config.process)
    config.process->env.push_back(StrCat("NOTIFY_SOCKET=", kInContainer, "/", kName));
  return Ok();
}

Result<NotifyRelay> NotifyRelay::Bind(const state::Directory& directory, std::string host_socket) {
  struct stat info {};
  if (::fstatat(directory.fd().get(), kDirectory, &info, AT_SYMLINK_NOFOLLOW) < 0)
    return NotifyRelay(UniqueFd(), std::move(host_socket));
  CAISSON_ASSIGN(UniqueFd socket, DatagramSocket());
  sockaddr_un address{};
  const std::string path = StrCat(FdPath(directory.fd()), "/", kDirectory, "/", kName);
  CAISSON_ASSIGN(const socklen_t size, FillAddress(path, address));
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), size) < 0)
    return SysError("bind", path);
  // Whatever user the container's process is.
  if (::chmod(path.c_str(), 0777) < 0) return SysError("chmod", path);
  return NotifyRelay(std::move(socket), std::move(host_socket));
}

Status NotifyRelay::PassOn(pid_t main_pid) const {
  CAISSON_ASSIGN(const UniqueFd out, DatagramSocket());
  sockaddr_un address{};
  CAISSON_ASSIGN(const socklen_t size, FillAddress(host_socket_, address));
  const std::string text = StrCat("MAINPID=", main_pid, "\nREADY=1");
  if (::sendto(out.get(), text.data(), text.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&address), size) < 0)
    return SysError("sendto", host_socket_);
  return Ok();
}

Status NotifyRelay::Take(pid_t main_pid) {
  char text[4096];
  const ssize_t got = ::recv(socket_.get(), text, sizeof text, MSG_DONTWAIT);
  if (got <= 0 || !SaysReady({text, static_cast<std::size_t>(got)})) return Ok();
  socket_.Reset();
  return PassOn(main_pid);
}

Status NotifyRelay::AwaitReady(const Pidfd& process) {
  while (socket_.valid()) {
    pollfd entries[2] = {{socket_.get(), POLLIN, 0}, {process.fd().get(), POLLIN, 0}};
    if (::poll(entries, 2, -1) < 0 && errno != EINTR) return SysError("poll", "NOTIFY_SOCKET");
    if (entries[0].revents != 0) {
      CAISSON_TRY(Take(process.host_pid()));
    } else if (entries[1].revents != 0) {
      return Ok();
    }
  }
  return Ok();
}

}  // namespace caisson::container
