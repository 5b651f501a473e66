// SPDX-License-Identifier: Apache-2.0
#include "agent/api/listen.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cstring>

#include "runtime/base/path.h"
#include "runtime/base/socket.h"

namespace caisson::api {
namespace {

bool IsLoopbackIp(const std::string& host) {
  in_addr v4{};
  if (::inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  return ::inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool IsIp(const std::string& host) {
  unsigned char address[sizeof(in6_addr)];
  return host.empty() || ::inet_pton(AF_INET, host.c_str(), address) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), address) == 1;
}

// "host:port" and "[v6]:port" apart; the port may be absent.
std::pair<std::string, std::string> SplitHostPort(std::string_view text) {
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return {std::string(text), ""};
    const std::string_view rest = text.substr(end + 1);
    return {std::string(text.substr(1, end - 1)),
            rest.starts_with(':') ? std::string(rest.substr(1)) : ""};
  }
  const auto colon = text.rfind(':');
  if (colon == text.npos) return {std::string(text), ""};
  return {std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
}

Result<UniqueFd> ListenTcp(ListenAddress& address) {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const bool v6 = address.host.find(':') != std::string::npos;
  if (v6) {
    auto* to = reinterpret_cast<sockaddr_in6*>(&storage);
    to->sin6_family = AF_INET6;
    to->sin6_port = htons(address.port);
    ::inet_pton(AF_INET6, address.host.c_str(), &to->sin6_addr);
    size = sizeof(sockaddr_in6);
  } else {
    auto* to = reinterpret_cast<sockaddr_in*>(&storage);
    to->sin_family = AF_INET;
    to->sin_port = htons(address.port);
    ::inet_pton(AF_INET, address.host.c_str(), &to->sin_addr);
    size = sizeof(sockaddr_in);
  }
  auto* const raw = reinterpret_cast<sockaddr*>(&storage);
  UniqueFd socket(::socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket.valid()) return SysError("socket", address.Url());
  const int on = 1;
  if (::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
    return SysError("setsockopt", address.Url());
  if (::bind(socket.get(), raw, size) < 0)
    return SysError("bind", address.Url())
        .Hint(errno == EADDRINUSE ? "stop the program that has this port, or choose another" : "");
  if (::listen(socket.get(), 512) < 0) return SysError("listen", address.Url());
  if (::getsockname(socket.get(), raw, &size) < 0) return SysError("getsockname", address.Url());
  address.port = ntohs(v6 ? reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port
                          : reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
  return socket;
}

}  // namespace

std::string ListenAddress::Url() const {
  if (is_unix()) return StrCat("unix://", path);
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? StrCat("http://[", host, "]:", port) : StrCat("http://", host, ":", port);
}

Result<ListenAddress> ParseListenAddress(std::string_view text) {
  ListenAddress address;
  std::string_view rest = text;
  if (rest.starts_with("unix://")) rest.remove_prefix(7);
  if (rest.starts_with('/')) {
    address.path = rest;
    return address;
  }
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  auto [host, port] = SplitHostPort(rest);
  const auto number = ParseInt<std::uint16_t>(port);
  if (!number)
    return Error(Code::kInvalidSpec, StrCat("listen address \"", text, "\": it has no port"))
        .Hint("write it as 127.0.0.1:10280 or unix:///run/caisson/caissond.sock");
  if (host == "localhost") host = "127.0.0.1";
  if (!IsIp(host))
    return Error(Code::kInvalidSpec,
                 StrCat("listen address \"", text, "\": \"", host, "\" is not an IP address"));
  if (!IsLoopbackIp(host))
    return Error(Code::kDenied,
                 StrCat("listen address \"", text,
                        "\": other machines can reach it, which demands TLS and a client "
                        "certificate or token"))
        .Hint("listen on 127.0.0.1 or a unix socket");
  address.host = std::move(host);
  address.port = *number;
  return address;
}

Result<UniqueFd> Listen(ListenAddress& address) {
  if (!address.is_unix()) return ListenTcp(address);
  if (const auto slash = address.path.rfind('/'); slash > 0)
    CAISSON_TRY(MakeDirs(address.path.substr(0, slash), 0711));
  CAISSON_ASSIGN(UniqueFd socket, ListenUnix(address.path, SocketType::kStream));
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) < 0)
    return SysError("fcntl", address.path);
  return socket;
}

bool IsLoopbackHost(std::string_view host) {
  if (const auto scheme = host.find("://"); scheme != host.npos) host.remove_prefix(scheme + 3);
  const std::string name = SplitHostPort(host).first;
  return name == "localhost" || IsLoopbackIp(name);
}

}  // namespace caisson::api
