// SPDX-License-Identifier: Apache-2.0
#include "network/links/link_query.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <utility>

#include "network/links/link_messages.h"

namespace caisson::network {

LinkInfo ParseLink(const Reply& reply) {
  const auto header = reply.header<ifinfomsg>();
  const auto attribute = [&](int type) { return reply.Attribute(sizeof(ifinfomsg), type); };
  return {.index = header.ifi_index,
          .name = AsText(attribute(IFLA_IFNAME)),
          .kind = AsText(Reply::Nested(attribute(IFLA_LINKINFO), IFLA_INFO_KIND)),
          .alias = AsText(attribute(IFLA_IFALIAS)),
          .mtu = AsU32(attribute(IFLA_MTU)),
          .master_index = static_cast<int>(AsU32(attribute(IFLA_MASTER))),
          .up = (header.ifi_flags & IFF_UP) != 0};
}

Result<std::optional<LinkInfo>> FindLink(NetlinkSocket& socket, std::string_view name) {
  Message request = GetLink(name);
  request.Accept(ENODEV);
  CAISSON_ASSIGN(const auto replies, socket.Send(std::move(request)));
  if (replies.empty()) return std::optional<LinkInfo>();
  return std::optional(ParseLink(replies.front()));
}

Result<std::vector<LinkInfo>> ListLinks(NetlinkSocket& socket) {
  Message request(RTM_GETLINK, NLM_F_DUMP, "RTM_GETLINK", "all links");
  request.Append(ifinfomsg{});
  CAISSON_ASSIGN(const auto replies, socket.Send(std::move(request)));
  std::vector<LinkInfo> links;
  links.reserve(replies.size());
  for (const Reply& reply : replies) links.push_back(ParseLink(reply));
  return links;
}

Result<std::vector<AddressInfo>> ListAddresses(NetlinkSocket& socket) {
  Message request(RTM_GETADDR, NLM_F_DUMP, "RTM_GETADDR", "all addresses");
  request.Append(ifaddrmsg{});
  CAISSON_ASSIGN(const auto replies, socket.Send(std::move(request)));
  std::vector<AddressInfo> addresses;
  for (const Reply& reply : replies) {
    const auto header = reply.header<ifaddrmsg>();
    if (header.ifa_scope == RT_SCOPE_LINK) continue;
    auto address = AsAddress(reply.Attribute(sizeof header, IFA_LOCAL));
    if (!address) address = AsAddress(reply.Attribute(sizeof header, IFA_ADDRESS));
    if (address) {
      addresses.push_back(
          {static_cast<int>(header.ifa_index), Cidr(*address, header.ifa_prefixlen)});
    }
  }
  return addresses;
}

Result<std::vector<RouteInfo>> ListRoutes(NetlinkSocket& socket, Family family) {
  Message request(RTM_GETROUTE, NLM_F_DUMP, "RTM_GETROUTE", "all routes");
  rtmsg wanted{};
  wanted.rtm_family = family == Family::kIpv4 ? AF_INET : AF_INET6;
  request.Append(wanted);
  CAISSON_ASSIGN(const auto replies, socket.Send(std::move(request)));
  std::vector<RouteInfo> routes;
  for (const Reply& reply : replies) {
    const auto header = reply.header<rtmsg>();
    const auto attribute = [&](int type) { return reply.Attribute(sizeof(rtmsg), type); };
    const auto table_attribute = attribute(RTA_TABLE);
    const std::uint32_t table = table_attribute.empty() ? header.rtm_table : AsU32(table_attribute);
    if (header.rtm_type != RTN_UNICAST || table != RT_TABLE_MAIN) continue;
    RouteInfo route{.gateway = AsAddress(attribute(RTA_GATEWAY)),
                    .link_index = static_cast<int>(AsU32(attribute(RTA_OIF))),
                    .table = table};
    if (const auto to = AsAddress(attribute(RTA_DST)); to && header.rtm_dst_len > 0)
      route.destination = Cidr(*to, header.rtm_dst_len);
    routes.push_back(route);
  }
  return routes;
}

}  // namespace caisson::network
