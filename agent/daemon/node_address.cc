// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/node_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>

#include "runtime/base/fd.h"

namespace caisson::daemon {

std::string FindNodeAddress() {
  constexpr char kLoopback[] = "127.0.0.1";
  // Connecting a datagram socket only looks up the route. The address is one for documentation.
  const UniqueFd socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  ::inet_pton(AF_INET, "192.0.2.1", &address.sin_addr);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (::connect(socket.get(), generic, sizeof address) < 0) return kLoopback;
  socklen_t size = sizeof address;
  if (::getsockname(socket.get(), generic, &size) < 0) return kLoopback;
  std::array<char, INET_ADDRSTRLEN> text{};
  if (::inet_ntop(AF_INET, &address.sin_addr, text.data(), text.size()) == nullptr)
    return kLoopback;
  return text.data();
}

}  // namespace caisson::daemon
