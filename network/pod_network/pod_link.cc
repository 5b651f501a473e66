// SPDX-License-Identifier: Apache-2.0
#include "network/pod_network/pod_link.h"

#include <algorithm>
#include <optional>

#include "network/links/link_messages.h"
#include "network/links/link_query.h"
#include "network/pod_network/node_setup.h"
#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

constexpr std::string_view kPrefix = "cv";
constexpr std::size_t kDigits = 12;
constexpr std::string_view kHex = "0123456789abcdef";

Status MakeVeth(NetlinkSocket& node, std::mutex& node_lock, const PodLinkSpec& spec) {
  Message veth = AddVeth({.host_name = spec.host_name,
                          .bridge_index = spec.bridge_index,
                          .mtu = spec.mtu,
                          .pod_name = spec.pod_name,
                          .pod_netns = spec.netns,
                          .pod_mac = MacFor(spec.addresses.front().address())});
  veth.Accept(EEXIST);
  Message port =
      SetBridgePort({.name = spec.host_name,
                     .alias = spec.alias,
                     .ipv6 = KernelHasIpv6() ? HostIpv6::kNoLinkLocal : HostIpv6::kAsIs});
  const std::lock_guard lock(node_lock);
  auto sent = node.Send(std::move(veth), std::move(port));
  if (sent) return Ok();
  if (sent.error().sys_errno() == EXFULL || sent.error().sys_errno() == ENOSPC)
    return std::move(sent).error().Hint("a bridge has room for 1023 pods; use more nodes");
  return std::move(sent).error();
}

// Brings lo and the pod's interface up and answers which it is; nothing when it is not there.
Result<std::optional<LinkInfo>> LookIntoPod(NetlinkSocket& pod, const std::string& pod_name) {
  Message get = GetLink(pod_name);
  get.Accept(ENODEV);
  Message up = SetLinkUp(pod_name);
  up.Accept(ENODEV);
  CAISSON_ASSIGN(const auto replies, pod.Send(std::move(get), SetLinkUp("lo"), std::move(up)));
  if (replies.empty()) return std::optional<LinkInfo>();
  return std::optional(ParseLink(replies.front()));
}

Status ConfigurePod(NetlinkSocket& pod, const PodLinkSpec& spec, int link_index) {
  std::vector<Message> requests;
  for (const Cidr& address : spec.addresses) requests.push_back(SetAddress(link_index, address));
  for (const IpAddress& gateway : spec.gateways) {
    requests.push_back(
        SetRoute({.family = gateway.family(), .gateway = gateway, .link_index = link_index}));
  }
  CAISSON_TRY(pod.Transact(requests));
  return Ok();
}

// The node's end came up before the pod's, without carrier: until the kernel's link watch has seen
// that it has one now, it drops what is sent, and so does the bridge that gets its first port. A
// pod that starts to speak at once would lose its first packet and wait a second for TCP to repeat
// it.
Status SettleCarrier(NetlinkSocket& node, std::mutex& node_lock, const PodLinkSpec& spec) {
  const std::lock_guard lock(node_lock);
  CAISSON_TRY(node.Send(GetLink(spec.host_name), GetLink(spec.bridge)));
  return Ok();
}

}  // namespace

std::string PodLinkName(std::string_view pod_uid, ino_t netns_inode) {
  // FNV-1a, 64 bits. Source: draft-eastlake-fnv.
  std::uint64_t hash = 0xcbf29ce484222325u;
  for (const char byte : StrCat(pod_uid, "/", netns_inode))
    hash = (hash ^ static_cast<std::uint8_t>(byte)) * 0x100000001b3u;
  std::string name(kPrefix);
  for (std::size_t i = 0; i < kDigits; ++i, hash >>= 4) name += kHex[hash & 0xF];
  return name;
}

bool IsPodLinkName(std::string_view name) {
  return name.size() == kPrefix.size() + kDigits && name.starts_with(kPrefix) &&
         name.find_first_not_of(kHex, kPrefix.size()) == std::string_view::npos;
}

Result<std::vector<IpAddress>> ReadPodAddresses(NetlinkSocket& pod, const std::string& pod_name,
                                                const std::vector<Cidr>& networks) {
  CAISSON_ASSIGN(const auto link, FindLink(pod, pod_name));
  if (!link) return std::vector<IpAddress>();
  CAISSON_ASSIGN(const auto all, ListAddresses(pod));
  std::vector<IpAddress> found;
  for (const Cidr& network : networks) {
    const auto in_network = std::find_if(all.begin(), all.end(), [&](const AddressInfo& each) {
      return each.link_index == link->index && network.Contains(each.address.address());
    });
    if (in_network != all.end()) found.push_back(in_network->address.address());
  }
  return found;
}

Status MakePodLink(NetlinkSocket& node, std::mutex& node_lock, NetlinkSocket& pod,
                   const PodLinkSpec& spec) {
  CAISSON_TRY(MakeVeth(node, node_lock, spec));
  CAISSON_ASSIGN(auto link, LookIntoPod(pod, spec.pod_name), "in the pod");
  if (!link) {
    // The node's end was there, so no pair was made, and the pod has none: half of an old one.
    {
      const std::lock_guard lock(node_lock);
      CAISSON_TRY(node.Send(DeleteLink(spec.host_name)));
    }
    CAISSON_TRY(MakeVeth(node, node_lock, spec));
    CAISSON_ASSIGN(link, LookIntoPod(pod, spec.pod_name), "in the pod");
  }
  if (!link) {
    return Error(Code::kSystem, StrCat("interface \"", spec.pod_name, "\" of the pod vanished"),
                 ENODEV);
  }
  CAISSON_TRY(ConfigurePod(pod, spec, link->index), "in the pod");
  return SettleCarrier(node, node_lock, spec);
}

}  // namespace caisson::network
