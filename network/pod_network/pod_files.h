// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "network/netlink/ip_address.h"
#include "runtime/base/error.h"

namespace caisson::network {

// What resolv.conf(5) holds, in order. An option is a name with an optional value: {"ndots", "5"}.
struct Resolver {
  std::vector<std::string> nameservers;
  std::vector<std::string> searches;
  std::vector<std::pair<std::string, std::optional<std::string>>> options;
  friend bool operator==(const Resolver&, const Resolver&) = default;
};

// Unknown lines and comments are skipped; the last `search` or `domain` line wins.
Resolver ParseResolvConf(std::string_view text);

// The node's resolver as pods can use it: of `paths` in turn, the first that names a server other
// than loopback; else the first that can be read. By default /etc/resolv.conf, then what
// systemd-resolved keeps for such cases. A node without any has an empty resolver.
Resolver ReadNodeResolver(const std::vector<std::string>& paths = {
                              "/etc/resolv.conf", "/run/systemd/resolve/resolv.conf"});

enum class DnsPolicy { kDefault, kClusterFirst, kClusterFirstWithHostNet, kNone };

struct HostAlias {
  std::string ip;
  std::vector<std::string> hostnames;
};

// What a pod's files depend on.
struct PodFilesRequest {
  std::string pod_namespace = "default";
  std::string pod_name;
  std::string hostname;   // spec.hostname; empty: the pod's name
  std::string subdomain;  // spec.subdomain
  bool hostname_as_fqdn = false;
  bool host_network = false;
  std::vector<IpAddress> ips;  // empty with host_network
  DnsPolicy dns_policy = DnsPolicy::kClusterFirst;
  Resolver dns_config;                  // spec.dnsConfig
  std::vector<HostAlias> host_aliases;  // spec.hostAliases
  // The node's side.
  std::string node_hostname;
  std::string node_hosts;  // text of the node's /etc/hosts; for host_network
  Resolver node_resolver;
  std::vector<std::string> cluster_dns;  // empty: ClusterFirst means Default
  std::string cluster_domain = "cluster.local";
};

struct PodFiles {
  std::string resolv_conf;
  std::string hosts;
  std::string hostname;               // the UTS name: at most 63 bytes (64 as FQDN)
  std::string hostname_file;          // text of /etc/hostname
  std::vector<std::string> warnings;  // what was left out and why, for an Event
};

// The three files as kubelet writes them.
// Errors: kInvalidSpec when dnsPolicy None names no server, or the FQDN is over 64 bytes.
// Source: Kubernetes, "DNS for Services and Pods"; "Adding entries to Pod /etc/hosts".
Result<PodFiles> MakePodFiles(const PodFilesRequest& request);

}  // namespace caisson::network
