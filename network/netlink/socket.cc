// SPDX-License-Identifier: Apache-2.0
#include "network/netlink/socket.h"

#include <linux/netlink.h>
#include <netlink/errno.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <optional>

#include "network/netlink/netns.h"

namespace caisson::network {
namespace {

// The kernel fills dump answers up to 32 KiB when the reader's buffer is that large.
constexpr std::size_t kReceiveBytes = 32768;

struct Failure {
  std::size_t request;
  int sys_errno;
  std::string explanation;
};

// Requests of one datagram, one sequence number each. Failures are always answered; success only
// where NLM_F_ACK asks, and it is enough that the last one does.
std::vector<std::uint8_t> Encode(std::span<const Message> requests, std::uint32_t sequence) {
  std::vector<std::uint8_t> datagram;
  for (const Message& request : requests) {
    const auto bytes = request.bytes();
    const std::size_t at = datagram.size();
    datagram.insert(datagram.end(), bytes.begin(), bytes.end());
    datagram.resize(NLMSG_ALIGN(datagram.size()));
    nlmsghdr header;
    std::memcpy(&header, datagram.data() + at, sizeof header);
    header.nlmsg_seq = sequence++;
    const bool is_dump = (header.nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
    if (&request == &requests.back() && !is_dump) header.nlmsg_flags |= NLM_F_ACK;
    std::memcpy(datagram.data() + at, &header, sizeof header);
  }
  return datagram;
}

// What the kernel says beside the errno, e.g. "Unknown device type".
// Source: linux/netlink.h, NLMSGERR_ATTR_MSG.
std::string Explanation(const nlmsghdr& header, const nlmsgerr& error) {
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return {};
  std::size_t start = sizeof(nlmsghdr) + sizeof(nlmsgerr);
  if ((header.nlmsg_flags & NLM_F_CAPPED) == 0) start += error.msg.nlmsg_len - sizeof(nlmsghdr);
  start = NLMSG_ALIGN(start);
  if (start >= header.nlmsg_len) return {};
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(&header);
  return AsText(Reply::Nested({bytes + start, bytes + header.nlmsg_len}, NLMSGERR_ATTR_MSG));
}

Error Explain(const Message& request, const Failure& failure) {
  Error error = SysError(request.call(), request.object(), failure.sys_errno);
  if (!failure.explanation.empty()) {
    error =
        Error(error.code(), StrCat(error.message(), ": ", failure.explanation), failure.sys_errno);
  }
  const bool unsupported = failure.sys_errno == EOPNOTSUPP || failure.sys_errno == ENODEV;
  if (unsupported && !request.unsupported_hint().empty()) {
    return Error(Code::kUnsupported, error.message(), failure.sys_errno)
        .Hint(request.unsupported_hint());
  }
  if (failure.sys_errno == EPERM)
    return std::move(error).Hint("run as root, or with CAP_NET_ADMIN in this network namespace");
  return error;
}

// The answers to one datagram, read to their end.
class Answers {
 public:
  Answers(std::span<const Message> requests, std::uint32_t first_sequence)
      : requests_(requests), first_sequence_(first_sequence) {}

  bool done() const { return done_; }
  void Take(std::span<const std::uint8_t> bytes) {
    auto left = static_cast<std::uint32_t>(bytes.size());
    const auto* header = reinterpret_cast<const nlmsghdr*>(bytes.data());
    for (; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) TakeOne(*header);
  }
  Result<std::vector<Reply>> Finish() && {
    if (failure_) return Explain(requests_[failure_->request], *failure_);
    return std::move(replies_);
  }

 private:
  void TakeOne(const nlmsghdr& header) {
    const std::size_t request = header.nlmsg_seq - first_sequence_;
    if (request >= requests_.size()) return;  // an answer to an earlier, abandoned datagram
    const bool is_last = request + 1 == requests_.size();
    const auto* const payload = static_cast<const std::uint8_t*>(NLMSG_DATA(&header));
    const std::size_t size = header.nlmsg_len - NLMSG_HDRLEN;
    switch (header.nlmsg_type) {
      case NLMSG_ERROR: {
        nlmsgerr error{};
        std::memcpy(&error, payload, std::min(size, sizeof error));
        Note(request, -error.error, Explanation(header, error));
        done_ |= is_last;
        break;
      }
      case NLMSG_DONE: {
        int result = 0;
        std::memcpy(&result, payload, std::min(size, sizeof result));
        Note(request, -result, {});
        done_ |= is_last;
        break;
      }
      case NLMSG_NOOP: break;
      default: replies_.emplace_back(header.nlmsg_type, std::vector(payload, payload + size));
    }
  }
  void Note(std::size_t request, int sys_errno, std::string explanation) {
    if (sys_errno <= 0 || failure_ || requests_[request].Accepts(sys_errno)) return;
    failure_ = Failure{request, sys_errno, std::move(explanation)};
  }

  std::span<const Message> requests_;
  std::uint32_t first_sequence_;
  std::vector<Reply> replies_;
  std::optional<Failure> failure_;
  bool done_ = false;
};

}  // namespace

void NetlinkSocket::Free::operator()(nl_sock* socket) const { ::nl_socket_free(socket); }

Result<NetlinkSocket> NetlinkSocket::Open(NetlinkBus bus) {
  const int protocol = bus == NetlinkBus::kRoute ? NETLINK_ROUTE : NETLINK_NETFILTER;
  std::unique_ptr<nl_sock, Free> socket(::nl_socket_alloc());
  if (!socket) return Error(Code::kSystem, "nl_socket_alloc: out of memory", ENOMEM);
  if (const int result = ::nl_connect(socket.get(), protocol); result < 0)
    return Error(Code::kSystem, StrCat("open netlink socket: ", ::nl_geterror(result)));
  const int on = 1;
  const int fd = ::nl_socket_get_fd(socket.get());
  if (::setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on) < 0 ||
      ::setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on) < 0)
    return SysError("setsockopt", "netlink socket");
  return NetlinkSocket(std::move(socket));
}

Result<NetlinkSocket> NetlinkSocket::OpenIn(FdView netns) {
  std::optional<NetlinkSocket> opened;
  CAISSON_TRY(InNetns(netns, [&]() -> Status {
    CAISSON_ASSIGN(opened, Open());
    return Ok();
  }));
  return std::move(*opened);
}

Result<std::vector<Reply>> NetlinkSocket::Transact(std::span<const Message> requests) {
  if (requests.empty()) return std::vector<Reply>();
  const std::uint32_t sequence = next_sequence_;
  next_sequence_ += static_cast<std::uint32_t>(requests.size());
  auto datagram = Encode(requests, sequence);
  const int sent = ::nl_sendto(socket_.get(), datagram.data(), datagram.size());
  if (sent < 0) return Error(Code::kSystem, StrCat("send to netlink: ", ::nl_geterror(sent)));

  Answers answers(requests, sequence);
  alignas(nlmsghdr) std::array<std::uint8_t, kReceiveBytes> buffer;
  const int fd = ::nl_socket_get_fd(socket_.get());
  while (!answers.done()) {
    const ssize_t size = TEMP_FAILURE_RETRY(::recv(fd, buffer.data(), buffer.size(), MSG_TRUNC));
    if (size < 0) return SysError("recv", "netlink socket");
    if (static_cast<std::size_t>(size) > buffer.size())
      return Error(Code::kInternal, "netlink answer is larger than the receive buffer");
    answers.Take({buffer.data(), static_cast<std::size_t>(size)});
  }
  return std::move(answers).Finish();
}

}  // namespace caisson::network
