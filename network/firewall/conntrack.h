// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>

#include "network/netlink/ip_address.h"
#include "network/netlink/socket.h"
#include "runtime/base/error.h"

namespace caisson::network {

// A UDP flow that the kernel remembers, as its first packet was addressed and as answers come.
struct UdpFlow {
  IpAddress to;
  std::uint16_t to_port = 0;
  IpAddress answers_from;  // other than `to` when the destination was translated
};

// Makes the kernel forget the flows of one family for which `is_stale` says so. Address translation
// is decided by a flow's first packet only, and a UDP flow ends by silence: a client that keeps
// sending from one port would go on to reach a pod that is gone, or nobody, whatever the rules say
// by then. `socket` is one for NetlinkBus::kNetfilter. Source:
// linux/netfilter/nfnetlink_conntrack.h.
Status ForgetUdpFlows(NetlinkSocket& socket, Family family,
                      const std::function<bool(const UdpFlow&)>& is_stale);

}  // namespace caisson::network
