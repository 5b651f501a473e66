// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "network/netlink/message.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

struct nl_sock;

namespace caisson::network {

enum class NetlinkBus : std::uint8_t { kRoute, kNetfilter };

// A connected netlink socket. It speaks for the network namespace that its thread was in when it
// was opened, wherever that thread goes later. Thread-compatible: one owner at a time.
class NetlinkSocket {
 public:
  // In the calling thread's network namespace.
  static Result<NetlinkSocket> Open(NetlinkBus bus = NetlinkBus::kRoute);
  // For rtnetlink in the namespace of `netns`, an open nsfs file; the calling thread comes back to
  // its own.
  static Result<NetlinkSocket> OpenIn(FdView netns);

  // Sends all requests in one datagram and reads the answers to the end. The kernel carries out
  // each of them, in order, whatever became of those before.
  // Errors: the first failure that its request does not accept, with the kernel's own explanation;
  // kUnsupported with the request's hint for EOPNOTSUPP and ENODEV.
  // Source: rtnetlink(7); kernel, Documentation/userspace-api/netlink/intro.rst.
  Result<std::vector<Reply>> Transact(std::span<const Message> requests);

  template <class... Messages>
  Result<std::vector<Reply>> Send(Messages&&... messages) {
    std::vector<Message> batch;
    batch.reserve(sizeof...(messages));
    (batch.push_back(std::move(messages)), ...);
    return Transact(batch);
  }

 private:
  struct Free {
    void operator()(nl_sock* socket) const;
  };
  explicit NetlinkSocket(std::unique_ptr<nl_sock, Free> socket) : socket_(std::move(socket)) {}

  std::unique_ptr<nl_sock, Free> socket_;
  std::uint32_t next_sequence_ = 1;
};

}  // namespace caisson::network
