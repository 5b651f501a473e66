// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/pod_network_request.h"

#include "runtime/base/file.h"
#include "runtime/base/strings.h"

namespace caisson::pods {
namespace {

network::Protocol ProtocolOf(pod_spec::Protocol protocol) {
  switch (protocol) {
    case pod_spec::Protocol::kTcp: return network::Protocol::kTcp;
    case pod_spec::Protocol::kUdp: return network::Protocol::kUdp;
    case pod_spec::Protocol::kSctp: return network::Protocol::kSctp;
  }
  return network::Protocol::kTcp;
}

network::DnsPolicy DnsPolicyOf(pod_spec::DnsPolicy policy) {
  switch (policy) {
    case pod_spec::DnsPolicy::kClusterFirst: return network::DnsPolicy::kClusterFirst;
    case pod_spec::DnsPolicy::kClusterFirstWithHostNet:
      return network::DnsPolicy::kClusterFirstWithHostNet;
    case pod_spec::DnsPolicy::kDefault: return network::DnsPolicy::kDefault;
    case pod_spec::DnsPolicy::kNone: return network::DnsPolicy::kNone;
  }
  return network::DnsPolicy::kDefault;
}

}  // namespace

Result<std::vector<network::PortMapping>> PortMappingsOf(const pod_spec::PodSpec& spec) {
  std::vector<network::PortMapping> mappings;
  for (const auto* list : {&spec.init_containers, &spec.containers}) {
    for (const pod_spec::Container& container : *list) {
      for (const pod_spec::ContainerPort& port : container.ports) {
        if (port.host_port == 0) continue;
        network::PortMapping mapping{.host_port = static_cast<std::uint16_t>(port.host_port),
                                     .pod_port = static_cast<std::uint16_t>(port.container_port),
                                     .protocol = ProtocolOf(port.protocol)};
        if (!port.host_ip.empty() && port.host_ip != "0.0.0.0" && port.host_ip != "::") {
          CAISSON_ASSIGN(mapping.host_ip, network::IpAddress::Parse(port.host_ip));
        }
        mappings.push_back(mapping);
      }
    }
  }
  return mappings;
}

Result<network::PodFiles> PodFilesOf(const Node& node, const pod_spec::Pod& pod,
                                     const std::vector<std::string>& pod_ips) {
  const pod_spec::PodSpec& spec = pod.spec;
  network::PodFilesRequest request;
  request.pod_namespace = pod.metadata.namespace_;
  request.pod_name = pod.metadata.name;
  request.hostname = spec.hostname;
  request.subdomain = spec.subdomain;
  request.hostname_as_fqdn = spec.set_hostname_as_fqdn;
  request.host_network = spec.host_network;
  for (const std::string& ip : pod_ips) {
    CAISSON_ASSIGN(const network::IpAddress address, network::IpAddress::Parse(ip));
    request.ips.push_back(address);
  }
  request.dns_policy = DnsPolicyOf(spec.dns_policy);
  request.dns_config.nameservers = spec.dns_config.nameservers;
  request.dns_config.searches = spec.dns_config.searches;
  for (const pod_spec::DnsOption& option : spec.dns_config.options)
    request.dns_config.options.emplace_back(option.name, option.value);
  for (const pod_spec::HostAlias& alias : spec.host_aliases)
    request.host_aliases.push_back({alias.ip, alias.hostnames});
  request.node_hostname = node.config.node_name;
  if (spec.host_network) {
    if (auto hosts = ReadFile(StrCat(node.config.host_root, "/etc/hosts")))
      request.node_hosts = std::move(*hosts);
  }
  // The node's, also for an agent that runs in a container with an /etc of its own.
  request.node_resolver = network::ReadNodeResolver(
      {StrCat(node.config.host_root, "/etc/resolv.conf"),
       StrCat(node.config.host_root, "/run/systemd/resolve/resolv.conf")});
  request.cluster_dns = node.config.cluster_dns;
  request.cluster_domain = node.config.cluster_domain;
  return network::MakePodFiles(request);
}

}  // namespace caisson::pods
