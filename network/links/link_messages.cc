// SPDX-License-Identifier: Apache-2.0
#include "network/links/link_messages.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>

#include <algorithm>

#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

constexpr std::size_t kMaxAliasBytes = 255;  // IFALIASZ - 1

ifinfomsg Up() {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  header.ifi_flags = IFF_UP;
  header.ifi_change = IFF_UP;
  return header;
}

ifinfomsg Unchanged() {
  ifinfomsg header{};
  header.ifi_family = AF_UNSPEC;
  return header;
}

}  // namespace

MacAddress MacFor(const IpAddress& address) {
  const auto bytes = address.bytes().last<4>();
  // 0a: locally administered, unicast.
  return {0x0a, 0x58, bytes[0], bytes[1], bytes[2], bytes[3]};
}

Status CheckInterfaceName(std::string_view name) {
  const bool plain = std::all_of(name.begin(), name.end(), [](char byte) {
    return byte > ' ' && byte < 0x7F && byte != '/' && byte != ':' && byte != '%' && byte != '"';
  });
  if (!name.empty() && name.size() < IFNAMSIZ && plain && name != "." && name != "..") return Ok();
  return Error(Code::kInvalidSpec, StrCat("\"", name, "\" is not an interface name"))
      .Hint("use 1 to 15 letters, digits, '-', '_' or '.'");
}

Message AddBridge(const BridgeSpec& spec) {
  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "RTM_NEWLINK", spec.name);
  message.HintWhenUnsupported("load the kernel module: modprobe bridge").Accept(EEXIST);
  message.Append(Unchanged())
      .Put(IFLA_IFNAME, spec.name)
      .PutU32(IFLA_MTU, spec.mtu)
      .PutBytes(IFLA_ADDRESS, spec.mac)
      .PutNested(IFLA_LINKINFO, [](Message& info) { info.Put(IFLA_INFO_KIND, "bridge"); });
  return message;
}

Message AddVeth(const VethSpec& spec) {
  Message message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "RTM_NEWLINK", spec.host_name);
  message.HintWhenUnsupported("load the kernel module: modprobe veth");
  // By default a veth has a queue per possible CPU, each with its folder in sysfs, and no use for
  // more than one: the pair has no queueing discipline and takes no lock.
  const auto one_queue = [](Message& link) {
    link.PutU32(IFLA_NUM_TX_QUEUES, 1).PutU32(IFLA_NUM_RX_QUEUES, 1);
  };
  const auto peer = [&](Message& data) {
    data.PutNested(VETH_INFO_PEER, [&](Message& link) {
      link.Append(Unchanged())
          .Put(IFLA_IFNAME, spec.pod_name)
          .PutFd(IFLA_NET_NS_FD, spec.pod_netns)
          .PutBytes(IFLA_ADDRESS, spec.pod_mac)
          .PutU32(IFLA_MTU, spec.mtu);
      one_queue(link);
    });
  };
  message.Append(Unchanged())
      .Put(IFLA_IFNAME, spec.host_name)
      .PutU32(IFLA_MTU, spec.mtu)
      .PutU32(IFLA_MASTER, static_cast<std::uint32_t>(spec.bridge_index));
  one_queue(message);
  message.PutNested(IFLA_LINKINFO, [&](Message& info) {
    info.Put(IFLA_INFO_KIND, "veth").PutNested(IFLA_INFO_DATA, peer);
  });
  return message;
}

Message SetBridgePort(const BridgePortSpec& spec) {
  Message message(RTM_NEWLINK, 0, "RTM_NEWLINK", spec.name);
  message.Append(Up()).Put(IFLA_IFNAME, spec.name);
  if (!spec.alias.empty()) message.Put(IFLA_IFALIAS, spec.alias.substr(0, kMaxAliasBytes));
  if (spec.ipv6 == HostIpv6::kNoLinkLocal) {
    message.PutNested(IFLA_AF_SPEC, [](Message& families) {
      families.PutNested(AF_INET6, [](Message& inet6) {
        inet6.PutU8(IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
      });
    });
  }
  message.PutNested(IFLA_LINKINFO, [](Message& info) {
    info.Put(IFLA_INFO_SLAVE_KIND, "bridge").PutNested(IFLA_INFO_SLAVE_DATA, [](Message& port) {
      port.PutU8(IFLA_BRPORT_MODE, 1);
    });
  });
  return message;
}

Message SetLinkUp(std::string_view name) {
  Message message(RTM_NEWLINK, 0, "RTM_NEWLINK", name);
  message.Append(Up()).Put(IFLA_IFNAME, name);
  return message;
}

Message SetLinkMtu(std::string_view name, std::uint32_t mtu) {
  Message message(RTM_NEWLINK, 0, "RTM_NEWLINK", name);
  message.Append(Unchanged()).Put(IFLA_IFNAME, name).PutU32(IFLA_MTU, mtu);
  return message;
}

Message SetLinkAlias(std::string_view name, std::string_view alias) {
  Message message(RTM_NEWLINK, 0, "RTM_NEWLINK", name);
  message.Append(Unchanged())
      .Put(IFLA_IFNAME, name)
      .Put(IFLA_IFALIAS, alias.substr(0, kMaxAliasBytes));
  return message;
}

Message SetMaster(std::string_view name, int bridge_index) {
  Message message(RTM_NEWLINK, 0, "RTM_NEWLINK", name);
  message.Append(Unchanged())
      .Put(IFLA_IFNAME, name)
      .PutU32(IFLA_MASTER, static_cast<std::uint32_t>(bridge_index));
  return message;
}

Message SetGroup(std::string_view name, std::uint32_t group) {
  Message message(RTM_NEWLINK, 0, "RTM_NEWLINK", name);
  message.Accept(ENODEV).Append(Unchanged()).Put(IFLA_IFNAME, name).PutU32(IFLA_GROUP, group);
  return message;
}

Message DeleteGroup(std::uint32_t group) {
  Message message(RTM_DELLINK, 0, "RTM_DELLINK", StrCat("group ", group));
  message.Accept(ENODEV).Append(Unchanged()).PutU32(IFLA_GROUP, group);
  return message;
}

Message DeleteLink(std::string_view name) {
  Message message(RTM_DELLINK, 0, "RTM_DELLINK", name);
  message.Accept(ENODEV).Append(Unchanged()).Put(IFLA_IFNAME, name);
  return message;
}

Message GetLink(std::string_view name) {
  Message message(RTM_GETLINK, 0, "RTM_GETLINK", name);
  message.Append(Unchanged()).Put(IFLA_IFNAME, name);
  return message;
}

}  // namespace caisson::network
