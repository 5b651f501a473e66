// SPDX-License-Identifier: Apache-2.0
#include "tests/support/netns.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>

#include "runtime/base/path.h"
#include "runtime/base/run_command.h"
#include "runtime/base/strings.h"

namespace caisson::test {
namespace {

UniqueFd OwnNamespace() {
  return UniqueFd(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
}

// A socket of the namespace, made from outside.
Result<UniqueFd> SocketIn(const UniqueFd* netns, int family, int type) {
  const UniqueFd home = OwnNamespace();
  if (netns != nullptr && ::setns(netns->get(), CLONE_NEWNET) < 0)
    return SysError("setns", "test namespace");
  UniqueFd socket(::socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int err = errno;
  if (netns != nullptr && ::setns(home.get(), CLONE_NEWNET) < 0) return SysError("setns", "home");
  if (!socket.valid()) return SysError("socket", "test", err);
  return socket;
}

Status Wait(const UniqueFd& socket, short events, Deadline deadline, std::string_view what) {
  pollfd entry{.fd = socket.get(), .events = events, .revents = 0};
  const auto ready = TEMP_FAILURE_RETRY(::poll(&entry, 1, deadline.PollTimeoutMs()));
  if (ready < 0) return SysError("poll", what);
  if (ready == 0) return SysError("wait for", what, ETIMEDOUT);
  return Ok();
}

struct Endpoint {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family = AF_INET;
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }

  std::string address() const {
    char text[INET6_ADDRSTRLEN] = "";
    if (storage.ss_family == AF_INET6) {
      const auto* const v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
      ::inet_ntop(AF_INET6, &v6->sin6_addr, text, sizeof text);
    } else {
      const auto* const v4 = reinterpret_cast<const sockaddr_in*>(&storage);
      ::inet_ntop(AF_INET, &v4->sin_addr, text, sizeof text);
    }
    return text;
  }
};

Endpoint MakeEndpoint(const std::string& address, std::uint16_t port) {
  Endpoint endpoint;
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = ::htons(port);
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = ::htons(port);
  if (::inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1) {
    endpoint.family = AF_INET6;
    endpoint.size = sizeof v6;
    std::memcpy(&endpoint.storage, &v6, sizeof v6);
    return endpoint;
  }
  ::inet_pton(AF_INET, address.c_str(), &v4.sin_addr);
  endpoint.size = sizeof v4;
  std::memcpy(&endpoint.storage, &v4, sizeof v4);
  return endpoint;
}

Result<UniqueFd> Listen(const Exchange& exchange, int family) {
  CAISSON_ASSIGN(UniqueFd server, SocketIn(exchange.to, family, exchange.type));
  const int on = 1;
  ::setsockopt(server.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  Endpoint any = MakeEndpoint(family == AF_INET6 ? "::" : "0.0.0.0", exchange.port);
  if (::bind(server.get(), any.get(), any.size) < 0) return SysError("bind", "test server");
  if (exchange.type == SOCK_STREAM && ::listen(server.get(), 1) < 0)
    return SysError("listen", "test server");
  return server;
}

// Reads the request and answers it to where it came from; the peer's address.
Result<std::string> Serve(const UniqueFd& socket, Deadline deadline) {
  CAISSON_TRY(Wait(socket, POLLIN, deadline, "a request"));
  char buffer[16];
  Endpoint peer;
  peer.size = sizeof peer.storage;
  const ssize_t got = ::recvfrom(socket.get(), buffer, sizeof buffer, 0, peer.get(), &peer.size);
  if (got != 4) return SysError("recvfrom", "request");
  if (peer.size == 0) {
    peer.size = sizeof peer.storage;
    if (::getpeername(socket.get(), peer.get(), &peer.size) < 0)
      return SysError("getpeername", "request");
    if (::send(socket.get(), "pong", 4, MSG_NOSIGNAL) != 4) return SysError("send", "answer");
    return peer.address();
  }
  if (::sendto(socket.get(), "pong", 4, MSG_NOSIGNAL, peer.get(), peer.size) != 4)
    return SysError("sendto", "answer");
  return peer.address();
}

Status ReadPong(const UniqueFd& client, Deadline deadline) {
  CAISSON_TRY(Wait(client, POLLIN, deadline, "an answer"));
  char buffer[16];
  if (::recv(client.get(), buffer, sizeof buffer, 0) != 4) return SysError("recv", "answer");
  return Ok();
}

Result<UniqueFd> Accept(const UniqueFd& server, Deadline deadline) {
  CAISSON_TRY(Wait(server, POLLIN, deadline, "a connection"));
  UniqueFd accepted(::accept4(server.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!accepted.valid()) return SysError("accept4", "test server");
  return accepted;
}

}  // namespace

OwnNetns::OwnNetns() : home_(OwnNamespace()) {
  if (::unshare(CLONE_NEWNET) < 0) ADD_FAILURE() << SysError("unshare", "CLONE_NEWNET").message();
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strcpy(request.ifr_name, "lo");
  request.ifr_flags = IFF_UP;
  if (::ioctl(socket.get(), SIOCSIFFLAGS, &request) < 0)
    ADD_FAILURE() << SysError("SIOCSIFFLAGS", "lo").message();
}

OwnNetns::~OwnNetns() {
  if (::setns(home_.get(), CLONE_NEWNET) < 0) ADD_FAILURE() << SysError("setns", "home").message();
}

UniqueFd NewNetns() {
  const UniqueFd home = OwnNamespace();
  if (::unshare(CLONE_NEWNET) < 0) ADD_FAILURE() << SysError("unshare", "CLONE_NEWNET").message();
  UniqueFd made = OwnNamespace();
  if (::setns(home.get(), CLONE_NEWNET) < 0) ADD_FAILURE() << SysError("setns", "home").message();
  return made;
}

std::string NetworkSnapshot() {
  std::string text;
  const auto deadline = Deadline::After(std::chrono::seconds(20));
  for (const auto& argv : std::vector<std::vector<std::string>>{{"ip", "-o", "link"},
                                                                {"ip", "-o", "addr"},
                                                                {"ip", "route"},
                                                                {"nft", "list", "ruleset"}}) {
    const auto ran = RunCommand({.argv = argv}, "", deadline);
    if (!ran || !ran->status.ok()) ADD_FAILURE() << argv[0] << " does not run";
    text += ran ? ran->out : std::string();
  }
  return text;
}

Result<std::string> Talk(const Exchange& exchange) {
  const std::uint16_t port = exchange.port_called != 0 ? exchange.port_called : exchange.port;
  Endpoint target = MakeEndpoint(exchange.address, port);
  CAISSON_ASSIGN(const UniqueFd server, Listen(exchange, target.family));
  CAISSON_ASSIGN(const UniqueFd client, SocketIn(exchange.from, target.family, exchange.type));
  Endpoint own = MakeEndpoint(target.family == AF_INET6 ? "::" : "0.0.0.0", exchange.port_from);
  if (::bind(client.get(), own.get(), own.size) < 0) return SysError("bind", "test client");
  if (::connect(client.get(), target.get(), target.size) < 0 && errno != EINPROGRESS)
    return SysError("connect", exchange.address);
  UniqueFd accepted;
  if (exchange.type == SOCK_STREAM) {
    CAISSON_ASSIGN(accepted, Accept(server, exchange.deadline));
    CAISSON_TRY(Wait(client, POLLOUT, exchange.deadline, "the connection"));
  }
  if (::send(client.get(), "ping", 4, MSG_NOSIGNAL) != 4) return SysError("send", exchange.address);
  CAISSON_ASSIGN(const std::string peer,
                 Serve(accepted.valid() ? accepted : server, exchange.deadline));
  CAISSON_TRY(ReadPong(client, exchange.deadline));
  return peer;
}

}  // namespace caisson::test
