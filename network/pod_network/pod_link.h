// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "network/netlink/ip_address.h"
#include "network/netlink/socket.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::network {

// The name of the node's end of a pod's veth: "cv" and twelve hex digits that follow from the pod
// and its netns, so that it need not be remembered and a pod whose netns was made anew gets
// another.
std::string PodLinkName(std::string_view pod_uid, ino_t netns_inode);

// What a pod's link is made of.
struct PodLinkSpec {
  std::string host_name;
  std::string pod_name;  // "eth0"
  std::string alias;
  FdView netns;  // the same that `pod` of MakePodLink speaks for
  std::string bridge;
  int bridge_index = 0;
  std::uint32_t mtu = 1500;
  std::vector<Cidr> addresses;      // with the network's prefix; at least one
  std::vector<IpAddress> gateways;  // one for each address
};

// Puts the pod into the network: veth, lo, addresses, default routes; what is there already stays.
// On return the pod's first packet passes. `node` is the node's socket, used under `node_lock`;
// `pod` one of the pod's namespace. On failure a veth may stay; delete it by name.
Status MakePodLink(NetlinkSocket& node, std::mutex& node_lock, NetlinkSocket& pod,
                   const PodLinkSpec& spec);

// Addresses of the pod's interface that lie in `networks`, one of each at most: what a pod has
// already, whoever has forgotten that it was given. Empty for a pod without the interface.
Result<std::vector<IpAddress>> ReadPodAddresses(NetlinkSocket& pod, const std::string& pod_name,
                                                const std::vector<Cidr>& networks);

}  // namespace caisson::network
