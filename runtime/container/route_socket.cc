// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/route_socket.h"

#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <optional>

#include "runtime/base/path.h"

namespace caisson::container {
namespace {

constexpr std::size_t kAnswerBytes = std::size_t{32} * 1024;  // what the kernel fills at most

void Pad(std::string& bytes) { bytes.append((4 - bytes.size() % 4) % 4, '\0'); }

template <class T>
T ReadAt(std::string_view bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

using Visit = std::function<void(std::string_view)>;

// What one message says: nothing yet, or the end, with 0 or an errno. Both kinds of requests end
// with one message that says so.
std::optional<int> TakeMessage(const nlmsghdr& header, std::string_view body, const Visit& visit) {
  if (header.nlmsg_type == NLMSG_DONE) return 0;
  if (header.nlmsg_type == NLMSG_ERROR)
    return body.size() >= sizeof(int) ? -ReadAt<int>(body, 0) : 0;
  if (visit) visit(body);
  return std::nullopt;
}

// The messages of one datagram, to the same effect.
std::optional<int> TakeAll(std::string_view messages, const Visit& visit) {
  for (std::size_t at = 0; at + sizeof(nlmsghdr) <= messages.size();) {
    const auto header = ReadAt<nlmsghdr>(messages, at);
    if (header.nlmsg_len < sizeof header || at + header.nlmsg_len > messages.size()) break;
    const auto body = messages.substr(at + sizeof header, header.nlmsg_len - sizeof header);
    if (const auto ended = TakeMessage(header, body, visit)) return ended;
    at += NLMSG_ALIGN(header.nlmsg_len);
  }
  return std::nullopt;
}

}  // namespace

RouteMessage::RouteMessage(std::uint16_t type, std::uint16_t flags, std::string_view fixed) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  bytes_.assign(reinterpret_cast<const char*>(&header), sizeof header);
  bytes_.append(fixed);
  Pad(bytes_);
}

RouteMessage& RouteMessage::Add(std::uint16_t attribute, std::string_view bytes) {
  rtattr header{};
  header.rta_type = attribute;
  header.rta_len = static_cast<std::uint16_t>(sizeof header + bytes.size());
  bytes_.append(reinterpret_cast<const char*>(&header), sizeof header).append(bytes);
  Pad(bytes_);
  return *this;
}

RouteMessage& RouteMessage::AddText(std::uint16_t attribute, const std::string& text) {
  return Add(attribute, std::string_view(text.c_str(), text.size() + 1));
}

RouteMessage& RouteMessage::AddNumber(std::uint16_t attribute, std::uint32_t number) {
  return Add(attribute, std::string_view(reinterpret_cast<const char*>(&number), sizeof number));
}

std::string_view FindAttribute(std::string_view body, std::size_t fixed_size,
                               std::uint16_t attribute) {
  for (std::size_t at = fixed_size; at + sizeof(rtattr) <= body.size();) {
    const auto header = ReadAt<rtattr>(body, at);
    if (header.rta_len < sizeof header || at + header.rta_len > body.size()) break;
    if (header.rta_type == attribute)
      return body.substr(at + sizeof header, header.rta_len - sizeof header);
    at += RTA_ALIGN(header.rta_len);
  }
  return {};
}

Result<RouteSocket> RouteSocket::Open() {
  UniqueFd fd(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
  if (!fd.valid()) return SysError("socket", "NETLINK_ROUTE");
  return RouteSocket(std::move(fd));
}

Result<RouteSocket> RouteSocket::OpenIn(FdView netns) {
  CAISSON_ASSIGN(const UniqueFd own, OpenAt(kCwd, "/proc/self/ns/net", O_RDONLY));
  if (::setns(netns.get(), CLONE_NEWNET) < 0) return SysError("setns", "network namespace");
  auto socket = Open();
  if (::setns(own.get(), CLONE_NEWNET) < 0)
    return Error(Code::kInternal, "cannot return to the own network namespace", errno);
  return socket;
}

Status RouteSocket::Ask(const RouteMessage& message, std::string_view call,
                        std::string_view operand,
                        const std::function<void(std::string_view)>& visit) const {
  std::string request = message.bytes();
  nlmsghdr header = ReadAt<nlmsghdr>(request, 0);
  header.nlmsg_len = static_cast<std::uint32_t>(request.size());
  if ((header.nlmsg_flags & NLM_F_DUMP) != NLM_F_DUMP) header.nlmsg_flags |= NLM_F_ACK;
  std::memcpy(request.data(), &header, sizeof header);
  if (::send(fd_.get(), request.data(), request.size(), 0) < 0) return SysError(call, operand);

  std::string buffer(kAnswerBytes, '\0');
  while (true) {
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return SysError(call, operand, got == 0 ? EPROTO : errno);
    const auto ended = TakeAll({buffer.data(), static_cast<std::size_t>(got)}, visit);
    if (!ended) continue;
    if (*ended == 0) return Ok();
    return SysError(call, operand, *ended);
  }
}

}  // namespace caisson::container
