// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "network/netlink/ip_address.h"
#include "network/netlink/port_mapping.h"

namespace caisson::network {

// A pod's addresses and host ports. Tied to the pod and to its network namespace, so that a pod
// whose namespace was made anew does not pass for the one before.
struct Lease {
  std::string pod_uid;
  ino_t netns_inode = 0;
  std::vector<IpAddress> addresses;
  std::vector<PortMapping> ports;
  friend bool operator==(const Lease&, const Lease&) = default;
};

}  // namespace caisson::network
