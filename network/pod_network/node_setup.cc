// SPDX-License-Identifier: Apache-2.0
#include "network/pod_network/node_setup.h"

#include <unistd.h>

#include <algorithm>
#include <optional>

#include "network/links/link_messages.h"
#include "network/links/link_query.h"
#include "network/pod_network/pod_link.h"
#include "runtime/base/log.h"
#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

constexpr std::uint32_t kDefaultMtu = 1500;
constexpr std::string_view kBridgeAlias = "caisson pod network";  // marks a bridge as made by us
constexpr std::size_t kBatch = 64;  // requests a datagram, well within the socket's send buffer

Status SendInBatches(NetlinkSocket& socket, const std::vector<Message>& requests) {
  for (std::size_t at = 0; at < requests.size(); at += kBatch) {
    const std::span rest = std::span(requests).subspan(at);
    CAISSON_TRY(socket.Transact(rest.first(std::min(kBatch, rest.size()))));
  }
  return Ok();
}

Result<std::uint32_t> UplinkMtu(NetlinkSocket& socket, const std::vector<RouteInfo>& routes) {
  const auto is_default = [](const RouteInfo& route) { return !route.destination; };
  const auto route = std::find_if(routes.begin(), routes.end(), is_default);
  if (route == routes.end()) return kDefaultMtu;
  CAISSON_ASSIGN(const auto links, ListLinks(socket));
  for (const LinkInfo& link : links) {
    if (link.index == route->link_index) return link.mtu;
  }
  return kDefaultMtu;
}

// A route at least as narrow as the pod network would take pods' packets elsewhere, or ours would
// take the packets of what is there. A wider one stays right for all but the pods.
Status CheckClash(const std::vector<RouteInfo>& routes, const Cidr& network, int bridge_index) {
  for (const RouteInfo& route : routes) {
    if (!route.destination || route.link_index == bridge_index) continue;
    if (!route.destination->Overlaps(network)) continue;
    if (route.destination->prefix() >= network.prefix()) {
      return Error(Code::kInvalidSpec,
                   StrCat("pod network ", network.ToString(), " overlaps the node's route to ",
                          route.destination->ToString()))
          .Hint("configure a pod network that this node does not use");
    }
    Log(LogLevel::kWarning, "pod network lies within a network that the node routes elsewhere",
        {{"pod_network", network.ToString()}, {"route", route.destination->ToString()}});
  }
  return Ok();
}

Result<std::optional<LinkInfo>> FindBridge(NetlinkSocket& socket, const std::string& name) {
  CAISSON_ASSIGN(auto link, FindLink(socket, name));
  if (link && link->kind != "bridge") {
    return Error(Code::kInvalidSpec, StrCat("interface \"", name, "\" exists and is not a bridge"))
        .Hint("remove it or configure another bridge name");
  }
  return link;
}

bool IsWanted(const AddressInfo& address, const NodeSpec& spec, const std::vector<Lease>& leases) {
  for (std::size_t i = 0; i < spec.networks.size(); ++i) {
    if (address.address == Cidr(spec.gateways[i], spec.networks[i].prefix())) return true;
  }
  for (const Lease& lease : leases) {
    for (const IpAddress& pod : lease.addresses) {
      if (address.address.Contains(pod)) return true;
    }
  }
  return false;
}

Status EnsureAddresses(NetlinkSocket& socket, const NodeSpec& spec, int bridge_index,
                       const std::vector<Lease>& leases) {
  std::vector<Message> requests;
  for (std::size_t i = 0; i < spec.networks.size(); ++i) {
    requests.push_back(SetAddress(bridge_index, Cidr(spec.gateways[i], spec.networks[i].prefix())));
  }
  CAISSON_ASSIGN(const auto addresses, ListAddresses(socket));
  for (const AddressInfo& address : addresses) {
    if (address.link_index == bridge_index && !IsWanted(address, spec, leases))
      requests.push_back(DeleteAddress(bridge_index, address.address));
  }
  return SendInBatches(socket, requests);
}

}  // namespace

bool KernelHasIpv6() { return ::access("/proc/sys/net/ipv6", F_OK) == 0; }

Result<NodeState> EnsureBridge(NetlinkSocket& socket, const NodeSpec& spec,
                               const std::vector<Lease>& leases) {
  CAISSON_ASSIGN(auto bridge, FindBridge(socket, spec.bridge));
  NodeState state{.mtu = spec.mtu};
  for (const Cidr& network : spec.networks) {
    CAISSON_ASSIGN(const auto routes, ListRoutes(socket, network.family()));
    CAISSON_TRY(CheckClash(routes, network, bridge ? bridge->index : 0));
    if (state.mtu == 0) {
      CAISSON_ASSIGN(state.mtu, UplinkMtu(socket, routes));
    }
  }
  CAISSON_TRY(socket.Send(
      AddBridge({.name = spec.bridge, .mac = MacFor(spec.gateways.front()), .mtu = state.mtu}),
      SetLinkMtu(spec.bridge, state.mtu), SetLinkUp(spec.bridge)));
  if (!bridge) {
    CAISSON_TRY(socket.Send(SetLinkAlias(spec.bridge, kBridgeAlias)));
    CAISSON_ASSIGN(bridge, FindBridge(socket, spec.bridge));
  }
  if (!bridge) return Error(Code::kSystem, StrCat("bridge \"", spec.bridge, "\" vanished"));
  state.bridge_index = bridge->index;
  CAISSON_TRY(EnsureAddresses(socket, spec, state.bridge_index, leases), "bridge \"", spec.bridge,
              "\"");
  return state;
}

Status RemoveBridge(NetlinkSocket& socket, const NodeSpec& spec) {
  CAISSON_ASSIGN(const auto bridge, FindLink(socket, spec.bridge));
  if (!bridge) return Ok();
  std::vector<Message> requests;
  if (bridge->alias == kBridgeAlias) {
    requests.push_back(DeleteLink(spec.bridge));
  } else {
    for (std::size_t i = 0; i < spec.networks.size(); ++i) {
      requests.push_back(
          DeleteAddress(bridge->index, Cidr(spec.gateways[i], spec.networks[i].prefix())));
    }
  }
  return SendInBatches(socket, requests);
}

Status EnsureSysctls(SysctlRecord& record, const NodeSpec& spec) {
  for (const Cidr& network : spec.networks) {
    const bool v4 = network.family() == Family::kIpv4;
    CAISSON_TRY(record.Set(v4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding", "1"));
    if (v4) CAISSON_TRY(WriteSysctl(StrCat("net/ipv4/conf/", spec.bridge, "/route_localnet"), "1"));
  }
  return Ok();
}

Status DeletePodLinks(NetlinkSocket& socket, int bridge_index,
                      const std::set<std::string>& wanted) {
  // Any number that nobody else uses for groups; the bridge's tells several pod networks apart.
  const std::uint32_t group = 0xCA150000u | (static_cast<std::uint32_t>(bridge_index) & 0xFFFFu);
  CAISSON_ASSIGN(const auto links, ListLinks(socket));
  std::vector<Message> requests;
  for (const LinkInfo& link : links) {
    const bool ours = link.master_index == bridge_index && IsPodLinkName(link.name);
    if (ours && !wanted.contains(link.name)) requests.push_back(SetGroup(link.name, group));
  }
  if (requests.empty()) return Ok();
  requests.push_back(DeleteGroup(group));
  return SendInBatches(socket, requests);
}

Status AdoptPodLinks(NetlinkSocket& socket, int bridge_index, const std::set<std::string>& wanted) {
  CAISSON_ASSIGN(const auto links, ListLinks(socket));
  std::vector<Message> requests;
  for (const LinkInfo& link : links) {
    if (link.master_index == bridge_index || !wanted.contains(link.name)) continue;
    requests.push_back(SetMaster(link.name, bridge_index));
    requests.push_back(SetBridgePort({.name = link.name, .ipv6 = HostIpv6::kAsIs}));
  }
  return SendInBatches(socket, requests);
}

}  // namespace caisson::network
