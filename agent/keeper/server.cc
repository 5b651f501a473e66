// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/server.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <span>

#include "runtime/base/log.h"
#include "runtime/base/socket.h"

namespace caisson::keeper {
namespace {

constexpr std::size_t kMaxConnections = 8;

}  // namespace

Result<std::unique_ptr<Server>> Server::Open(EventLoop& loop, const std::string& path,
                                             UniqueFd first, Serve serve) {
  CAISSON_ASSIGN(UniqueFd listener, ListenUnix(path, SocketType::kSeqpacket));
  std::unique_ptr<Server> server(new Server(loop, std::move(listener), std::move(serve)));
  CAISSON_TRY(loop.Watch(server->listener_, EPOLLIN,
                         [raw = server.get()](std::uint32_t) { raw->Accept(); }));
  CAISSON_TRY(server->Adopt(std::move(first)));
  return server;
}

Server::~Server() {
  loop_.Unwatch(listener_);
  for (const auto& [number, connection] : connections_) loop_.Unwatch(connection);
}

Status Server::Adopt(UniqueFd connection) {
  const int number = connection.get();
  const int flags = ::fcntl(number, F_GETFL);
  if (flags < 0 || ::fcntl(number, F_SETFL, flags | O_NONBLOCK) < 0)
    return SysError("fcntl", "control connection");
  CAISSON_TRY(loop_.Watch(connection, EPOLLIN, [this, number](std::uint32_t) { Receive(number); }));
  connections_[number] = std::move(connection);
  return Ok();
}

void Server::Accept() {
  UniqueFd connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection.valid()) return;  // the peer gave up before we came
  const auto peer = ReadPeerCredentials(connection);
  if (!peer || peer->uid != ::geteuid() || connections_.size() >= kMaxConnections) {
    Log(LogLevel::kWarning, "a connection to the control socket was refused");
    return;
  }
  if (const Status adopted = Adopt(std::move(connection)); !adopted)
    Log(LogLevel::kError, adopted.error().ToString());
}

void Server::Receive(int fd) {
  const FdView connection = FdView::Raw(fd);
  auto packet = ReceivePacket(connection, keeper_client::kMaxPacketBytes);
  if (!packet && packet.error().sys_errno() == EAGAIN) return;
  if (!packet || packet->eof) return Drop(fd);
  Answer answer;
  if (const auto request = keeper_client::DecodeRequest(packet->bytes)) {
    answer = serve_(*request, packet->fds);
    answer.response.seq = request->seq;
  } else {
    answer.response.error = request.error();
  }
  const std::array<int, 1> handed = {answer.fd};
  const auto fds = std::span<const int>(handed).first(answer.fd >= 0 ? 1 : 0);
  if (!SendPacket(connection, keeper_client::Encode(answer.response), fds)) Drop(fd);
}

void Server::Tell(const keeper_client::ExitedEvent& event) {
  const std::string bytes = keeper_client::Encode(event);
  std::vector<int> broken;
  for (const auto& [number, connection] : connections_) {
    if (!SendPacket(connection, bytes)) broken.push_back(number);
  }
  for (const int number : broken) Drop(number);
}

void Server::Drop(int fd) {
  const auto found = connections_.find(fd);
  if (found == connections_.end()) return;
  loop_.Unwatch(found->second);
  connections_.erase(found);
}

}  // namespace caisson::keeper
