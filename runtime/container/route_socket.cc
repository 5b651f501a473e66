// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/route_socket.h"

#include <linux/rtnetlink.h>
#include <sched.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "runtime/base/path.h"

namespace caisson::container {
namespace {

constexpr std::size_t kAnswerBytes = 32 * 1024;  // what the kernel fills at most

void Pad(std::string& bytes) { bytes.append((4 - bytes.size() % 4) % 4, '\0'); }

template <class T>
T ReadAt(std::string_view bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

enum class Next { kMore, kDone };

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

  // `failed` is what the kernel said; both kinds of requests end with one message that says so.
  int failed = 0;
  const auto take = [&](const nlmsghdr& answer, std::string_view body) {
    if (answer.nlmsg_type == NLMSG_DONE) return Next::kDone;
    if (answer.nlmsg_type == NLMSG_ERROR) {
      if (body.size() >= sizeof(int)) failed = -ReadAt<int>(body, 0);
      return Next::kDone;
    }
    if (visit) visit(body);
    return Next::kMore;
  };
  std::string buffer(kAnswerBytes, '\0');
  while (true) {
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return SysError(call, operand, got == 0 ? EPROTO : errno);
    const std::string_view answers(buffer.data(), static_cast<std::size_t>(got));
    for (std::size_t at = 0; at + sizeof(nlmsghdr) <= answers.size();) {
      const auto answer = ReadAt<nlmsghdr>(answers, at);
      if (answer.nlmsg_len < sizeof answer || at + answer.nlmsg_len > answers.size()) break;
      const auto body = answers.substr(at + sizeof answer, answer.nlmsg_len - sizeof answer);
      if (take(answer, body) == Next::kDone)
        return failed == 0 ? Ok() : Status(SysError(call, operand, failed));
      at += NLMSG_ALIGN(answer.nlmsg_len);
    }
  }
}

}  // namespace caisson::container
