// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "network/ipam/lease.h"
#include "network/netlink/ip_address.h"
#include "network/netlink/socket.h"
#include "network/pod_network/sysctl_record.h"
#include "runtime/base/error.h"

namespace caisson::network {

// The node's side of the pod network.
struct NodeSpec {
  std::string bridge;
  std::vector<Cidr> networks;
  std::vector<IpAddress> gateways;  // one for each network
  std::uint32_t mtu = 0;            // 0: that of the default route's interface, else 1500
};

struct NodeState {
  int bridge_index = 0;
  std::uint32_t mtu = 1500;
};

// Makes the bridge, or takes over one that is there: MTU, up, the gateways' addresses. Its address
// in a network that is no longer configured goes, unless one of `leases` still lies in it. Errors:
// kInvalidSpec when another kind of link has the name, or the node routes a pod network elsewhere;
// kUnsupported when the bridge module is missing.
Result<NodeState> EnsureBridge(NetlinkSocket& socket, const NodeSpec& spec,
                               const std::vector<Lease>& leases);

// Deletes the bridge if EnsureBridge made it; of one that was there before, our addresses.
Status RemoveBridge(NetlinkSocket& socket, const NodeSpec& spec);

// Forwarding on, and loopback addresses routable over the bridge; the firewall's guard must stand.
Status EnsureSysctls(SysctlRecord& record, const NodeSpec& spec);

// Whether a name has the form that PodLinkName gives.
bool IsPodLinkName(std::string_view name);

// Deletes ports of the bridge that are pod links and not in `wanted`, in one go.
Status DeletePodLinks(NetlinkSocket& socket, int bridge_index, const std::set<std::string>& wanted);

// Makes the pod links in `wanted` ports of the bridge again, if they are not: a bridge that
// somebody deleted takes its ports' membership along.
Status AdoptPodLinks(NetlinkSocket& socket, int bridge_index, const std::set<std::string>& wanted);

// Whether this kernel has IPv6 at all.
bool KernelHasIpv6();

}  // namespace caisson::network
