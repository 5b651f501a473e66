// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "network/netlink/ip_address.h"

namespace caisson::network {

enum class Protocol : std::uint8_t { kTcp, kUdp, kSctp };

// "tcp", "udp", "sctp".
constexpr std::string_view Name(Protocol protocol) {
  switch (protocol) {
    case Protocol::kTcp: return "tcp";
    case Protocol::kUdp: return "udp";
    case Protocol::kSctp: return "sctp";
  }
  return "tcp";
}

// A port of the node that leads to a port of a pod: v1.ContainerPort with a hostPort.
struct PortMapping {
  std::uint16_t host_port = 0;
  std::uint16_t pod_port = 0;
  Protocol protocol = Protocol::kTcp;
  std::optional<IpAddress> host_ip;  // absent: every address of the node
  friend bool operator==(const PortMapping&, const PortMapping&) = default;
};

}  // namespace caisson::network
