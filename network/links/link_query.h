// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "network/netlink/ip_address.h"
#include "network/netlink/message.h"
#include "network/netlink/socket.h"
#include "runtime/base/error.h"

namespace caisson::network {

struct LinkInfo {
  int index = 0;
  std::string name;
  std::string kind;  // "bridge", "veth"; empty for devices of hardware
  std::string alias;
  std::uint32_t mtu = 0;
  int master_index = 0;  // 0: none
  bool up = false;
};
LinkInfo ParseLink(const Reply& reply);

// Nothing when there is no such link.
Result<std::optional<LinkInfo>> FindLink(NetlinkSocket& socket, std::string_view name);
Result<std::vector<LinkInfo>> ListLinks(NetlinkSocket& socket);

struct AddressInfo {
  int link_index = 0;
  Cidr address;
};
// Of all links, both families, without IPv6 link-local ones.
Result<std::vector<AddressInfo>> ListAddresses(NetlinkSocket& socket);

struct RouteInfo {
  std::optional<Cidr> destination;  // absent: the default route
  std::optional<IpAddress> gateway;
  int link_index = 0;
  std::uint32_t table = 0;
};
// Unicast routes of the main table.
Result<std::vector<RouteInfo>> ListRoutes(NetlinkSocket& socket, Family family);

}  // namespace caisson::network
