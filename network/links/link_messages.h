// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "network/netlink/ip_address.h"
#include "network/netlink/message.h"
#include "runtime/base/fd.h"

// Requests that change links, addresses, routes and rules, for NetlinkSocket::Transact. Pure:
// nothing happens until they are sent. Source: rtnetlink(7); linux/if_link.h.
namespace caisson::network {

using MacAddress = std::array<std::uint8_t, 6>;

// A locally administered address that follows from an IP address, so that neighbours' caches stay
// right when an address comes back on another interface.
MacAddress MacFor(const IpAddress& address);

// Checked once, where names come in: 1–15 bytes, no '/', no space, not "." or "..".
// Errors: kInvalidSpec. Source: kernel, dev_valid_name().
Status CheckInterfaceName(std::string_view name);

struct BridgeSpec {
  std::string name;
  MacAddress mac{};  // given, so that it does not change with the ports
  std::uint32_t mtu = 1500;
};
// Exists already: accepted, unchanged.
Message AddBridge(const BridgeSpec& spec);

struct VethSpec {
  std::string host_name;
  int bridge_index = 0;
  std::uint32_t mtu = 1500;
  std::string pod_name;
  FdView pod_netns;
  MacAddress pod_mac{};
};
// Both ends in one step, down: the pod's end is born in its netns. (The kernel ties the ends last,
// and refuses with ENOTCONN to bring one up before.) Errors: EEXIST.
Message AddVeth(const VethSpec& spec);

enum class HostIpv6 : std::uint8_t { kAsIs, kNoLinkLocal };

struct BridgePortSpec {
  std::string name;
  std::string alias;                       // shown by `ip link`; cut at 255 bytes
  HostIpv6 ipv6 = HostIpv6::kNoLinkLocal;  // kAsIs on a kernel without IPv6
};
// Brings the node's end up, with hairpin: a pod may reach itself through a host port.
Message SetBridgePort(const BridgePortSpec& spec);

Message SetLinkUp(std::string_view name);
Message SetLinkMtu(std::string_view name, std::uint32_t mtu);
Message SetLinkAlias(std::string_view name, std::string_view alias);
Message SetMaster(std::string_view name, int bridge_index);
// Gone already: accepted. A veth takes its other end along.
Message DeleteLink(std::string_view name);
// Links of one group are deleted together, which costs as much as deleting one: the kernel waits
// for its readers once. No link in the group: accepted.
Message SetGroup(std::string_view name, std::uint32_t group);
Message DeleteGroup(std::uint32_t group);
// Since kernel 6.8 the answer waits for a pending change of carrier to be carried out: what has
// carrier then also passes packets. Below it, that takes the kernel's link watch some time longer,
// up to a second. Source: kernel, net/core/rtnetlink.c, rtnl_getlink.
Message GetLink(std::string_view name);

// Adds or replaces an address; IPv6 without duplicate address detection, which would hold it back
// for a second or more.
Message SetAddress(int link_index, const Cidr& address);
Message DeleteAddress(int link_index, const Cidr& address);

struct RouteSpec {
  Family family = Family::kIpv4;
  std::optional<Cidr> destination;   // absent: the default route
  std::optional<IpAddress> gateway;  // absent: on the link
  int link_index = 0;
  std::uint32_t table = 254;  // RT_TABLE_MAIN
  std::uint32_t priority = 0;
};
// Adds or replaces.
Message SetRoute(const RouteSpec& spec);
// Gone already: accepted.
Message DeleteRoute(const RouteSpec& spec);

struct RuleSpec {
  Family family = Family::kIpv4;
  std::optional<Cidr> from;
  std::optional<Cidr> to;
  std::uint32_t mark = 0;  // 0: any
  std::uint32_t table = 254;
  std::uint32_t priority = 0;
};
// There already: accepted.
Message AddRule(const RuleSpec& spec);
// Gone already: accepted.
Message DeleteRule(const RuleSpec& spec);

}  // namespace caisson::network
