// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "network/netlink/ip_address.h"
#include "network/netlink/port_mapping.h"

// What the firewall is told, as text of nft(8). Pure.
namespace caisson::network {

struct FirewallConfig {
  std::string table = "caisson";  // family inet; letters, digits, '_', '-'
  std::string bridge = "caisson0";
  std::vector<Cidr> pod_networks;
  bool masquerade = true;
};

// A host port with the pod's address that it leads to, of the same family as host_ip if there is
// one.
struct PortForward {
  PortMapping mapping;
  IpAddress pod_ip;
};

// The whole table, replacing what stands there, for one transaction.
std::string WholeRuleset(const FirewallConfig& config, std::span<const PortForward> forwards);

// Additions to and deletions from a table that stands; empty for no forwards.
std::string AddForwardsText(const FirewallConfig& config, std::span<const PortForward> forwards);
std::string DeleteForwardsText(const FirewallConfig& config, std::span<const PortForward> forwards);

// Succeeds whether or not there is a table.
std::string DeleteTableText(const FirewallConfig& config);

}  // namespace caisson::network
