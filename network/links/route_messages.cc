// SPDX-License-Identifier: Apache-2.0
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "network/links/link_messages.h"
#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

std::uint8_t AddressFamily(Family family) { return family == Family::kIpv4 ? AF_INET : AF_INET6; }

Message AddressMessage(int type, int flags, std::string_view call, int link_index,
                       const Cidr& address) {
  Message message(type, flags, call, address.ToString());
  ifaddrmsg header{};
  header.ifa_family = AddressFamily(address.family());
  header.ifa_prefixlen = static_cast<std::uint8_t>(address.prefix());
  header.ifa_index = static_cast<std::uint32_t>(link_index);
  if (address.family() == Family::kIpv6) header.ifa_flags = IFA_F_NODAD;
  message.Append(header)
      .PutAddress(IFA_LOCAL, address.address())
      .PutAddress(IFA_ADDRESS, address.address());
  return message;
}

std::string Words(const RouteSpec& spec) {
  std::string words = spec.destination ? spec.destination->ToString() : "default";
  if (spec.gateway) words += StrCat(" via ", spec.gateway->ToString());
  return words;
}

Message RouteMessage(int type, int flags, std::string_view call, const RouteSpec& spec) {
  Message message(type, flags, call, Words(spec));
  rtmsg header{};
  header.rtm_family = AddressFamily(spec.family);
  header.rtm_dst_len = spec.destination ? static_cast<std::uint8_t>(spec.destination->prefix()) : 0;
  header.rtm_protocol = RTPROT_STATIC;
  header.rtm_scope = spec.gateway ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
  header.rtm_type = RTN_UNICAST;
  header.rtm_table = RT_TABLE_UNSPEC;
  message.Append(header).PutU32(RTA_TABLE, spec.table);
  if (spec.destination) message.PutAddress(RTA_DST, spec.destination->network());
  if (spec.gateway) message.PutAddress(RTA_GATEWAY, *spec.gateway);
  if (spec.link_index != 0) message.PutU32(RTA_OIF, static_cast<std::uint32_t>(spec.link_index));
  if (spec.priority != 0) message.PutU32(RTA_PRIORITY, spec.priority);
  return message;
}

Message RuleMessage(int type, int flags, std::string_view call, const RuleSpec& spec) {
  Message message(type, flags, call, StrCat("priority ", spec.priority, " table ", spec.table));
  message.HintWhenUnsupported("use a kernel with policy routing (IP_MULTIPLE_TABLES)");
  fib_rule_hdr header{};
  header.family = AddressFamily(spec.family);
  header.src_len = spec.from ? static_cast<std::uint8_t>(spec.from->prefix()) : 0;
  header.dst_len = spec.to ? static_cast<std::uint8_t>(spec.to->prefix()) : 0;
  header.action = FR_ACT_TO_TBL;
  message.Append(header).PutU32(FRA_TABLE, spec.table).PutU32(FRA_PRIORITY, spec.priority);
  if (spec.from) message.PutAddress(FRA_SRC, spec.from->network());
  if (spec.to) message.PutAddress(FRA_DST, spec.to->network());
  if (spec.mark != 0) message.PutU32(FRA_FWMARK, spec.mark);
  return message;
}

}  // namespace

Message SetAddress(int link_index, const Cidr& address) {
  return AddressMessage(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, "RTM_NEWADDR", link_index,
                        address);
}

Message DeleteAddress(int link_index, const Cidr& address) {
  Message message = AddressMessage(RTM_DELADDR, 0, "RTM_DELADDR", link_index, address);
  message.Accept(EADDRNOTAVAIL);
  return message;
}

Message SetRoute(const RouteSpec& spec) {
  return RouteMessage(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, "RTM_NEWROUTE", spec);
}

Message DeleteRoute(const RouteSpec& spec) {
  Message message = RouteMessage(RTM_DELROUTE, 0, "RTM_DELROUTE", spec);
  message.Accept(ESRCH);
  return message;
}

Message AddRule(const RuleSpec& spec) {
  Message message = RuleMessage(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, "RTM_NEWRULE", spec);
  message.Accept(EEXIST);
  return message;
}

Message DeleteRule(const RuleSpec& spec) {
  Message message = RuleMessage(RTM_DELRULE, 0, "RTM_DELRULE", spec);
  message.Accept(ENOENT);
  return message;
}

}  // namespace caisson::network
