// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

namespace caisson {
namespace {

int TypeFlag(SocketType type) {
  return (type == SocketType::kStream ? SOCK_STREAM : SOCK_SEQPACKET) | SOCK_CLOEXEC;
}

Result<sockaddr_un> Address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    return Error(Code::kInvalidSpec,
                 StrCat("socket path \"", path, "\" has ", path.size(),
                        " bytes; the kernel takes at most ", sizeof address.sun_path - 1),
                 ENAMETOOLONG)
        .Hint("use a shorter directory");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

const sockaddr* Generic(const sockaddr_un& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

Result<std::pair<UniqueFd, UniqueFd>> SeqpacketPair() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
    return SysError("socketpair", "AF_UNIX");
  return std::pair(UniqueFd(ends[0]), UniqueFd(ends[1]));
}

Result<UniqueFd> ListenUnix(const std::string& path, SocketType type) {
  CAISSON_ASSIGN(const sockaddr_un address, Address(path));
  UniqueFd fd(::socket(AF_UNIX, TypeFlag(type), 0));
  if (!fd.valid()) return SysError("socket", path);
  if (::unlink(path.c_str()) < 0 && errno != ENOENT) return SysError("unlink", path);
  // fchmod before bind sets the mode that the file is born with, so it is never open to others.
  if (::fchmod(fd.get(), 0600) < 0) return SysError("fchmod", path);
  if (::bind(fd.get(), Generic(address), sizeof address) < 0) return SysError("bind", path);
  if (::listen(fd.get(), 128) < 0) return SysError("listen", path);
  return fd;
}

Result<UniqueFd> ConnectUnix(const std::string& path, SocketType type) {
  CAISSON_ASSIGN(const sockaddr_un address, Address(path));
  UniqueFd fd(::socket(AF_UNIX, TypeFlag(type), 0));
  if (!fd.valid()) return SysError("socket", path);
  if (TEMP_FAILURE_RETRY(::connect(fd.get(), Generic(address), sizeof address)) < 0)
    return SysError("connect", path);
  return fd;
}

Status SendPacket(FdView socket, std::string_view bytes, std::span<const int> fds) {
  iovec part{.iov_base = const_cast<char*>(bytes.data()), .iov_len = bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  std::vector<char> control;
  if (!fds.empty()) {
    control.resize(CMSG_SPACE(fds.size_bytes()));
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(fds.size_bytes());
    std::memcpy(CMSG_DATA(header), fds.data(), fds.size_bytes());
  }
  if (TEMP_FAILURE_RETRY(::sendmsg(socket.get(), &message, MSG_NOSIGNAL)) < 0)
    return SysError("sendmsg", "socket");
  return Ok();
}

Result<Packet> ReceivePacket(FdView socket, std::size_t max_bytes) {
  constexpr std::size_t kMaxFds = 253;
  Packet packet;
  packet.bytes.resize(max_bytes);
  alignas(cmsghdr) char control[CMSG_SPACE(kMaxFds * sizeof(int))];
  iovec part{.iov_base = packet.bytes.data(), .iov_len = packet.bytes.size()};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  const ssize_t got = TEMP_FAILURE_RETRY(::recvmsg(socket.get(), &message, MSG_CMSG_CLOEXEC));
  if (got < 0) return SysError("recvmsg", "socket");
  for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
       header = CMSG_NXTHDR(&message, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
      packet.fds.emplace_back(fd);
    }
  }
  if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0)
    return Error(Code::kInvalidSpec, StrCat("packet is larger than ", max_bytes, " bytes"),
                 EMSGSIZE);
  packet.eof = got == 0;
  packet.bytes.resize(static_cast<std::size_t>(got));
  return packet;
}

Result<PeerCredentials> ReadPeerCredentials(FdView socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
    return SysError("getsockopt", "SO_PEERCRED");
  return PeerCredentials{.pid = peer.pid, .uid = peer.uid, .gid = peer.gid};
}

}  // namespace caisson
