// SPDX-License-Identifier: Apache-2.0
#include "network/pod_network/pod_files.h"

#include <algorithm>

#include "runtime/base/strings.h"

namespace caisson::network {
namespace {

// What kubelet allows; the first two are also what the C library reads.
constexpr std::size_t kMaxNameservers = 3;
constexpr std::size_t kMaxSearches = 32;
constexpr std::size_t kMaxSearchBytes = 2048;
constexpr std::size_t kMaxHostname = 63;
constexpr std::size_t kMaxFqdn = 64;  // __NEW_UTS_LEN

constexpr std::string_view kHostsHead =
    "127.0.0.1\tlocalhost\n"
    "::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::0\tip6-localnet\n"
    "fe00::0\tip6-mcastprefix\n"
    "fe00::1\tip6-allnodes\n"
    "fe00::2\tip6-allrouters\n";

void AddOnce(std::vector<std::string>& list, const std::string& value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

// A later option of the same name takes the place of the former.
void SetOption(Resolver& resolver,
               const std::pair<std::string, std::optional<std::string>>& option) {
  const auto same = std::find_if(resolver.options.begin(), resolver.options.end(),
                                 [&](const auto& each) { return each.first == option.first; });
  if (same != resolver.options.end()) {
    same->second = option.second;
  } else {
    resolver.options.push_back(option);
  }
}

// In the pod's own network namespace, the node's loopback is not there.
Resolver NodeResolverForPod(const PodFilesRequest& request) {
  Resolver resolver = request.node_resolver;
  if (request.host_network) return resolver;
  std::erase_if(resolver.nameservers, [](const std::string& server) {
    const auto address = IpAddress::Parse(server.substr(0, server.find('%')));
    return address && address->is_loopback();
  });
  return resolver;
}

Resolver ClusterResolver(const PodFilesRequest& request) {
  const std::string service = StrCat("svc.", request.cluster_domain);
  Resolver resolver{
      .nameservers = request.cluster_dns,
      .searches = {StrCat(request.pod_namespace, ".", service), service, request.cluster_domain},
      .options = {{"ndots", "5"}}};
  for (const std::string& search : request.node_resolver.searches)
    AddOnce(resolver.searches, search);
  return resolver;
}

Result<Resolver> BaseResolver(const PodFilesRequest& request, std::vector<std::string>& warnings) {
  switch (request.dns_policy) {
    case DnsPolicy::kNone:
      if (request.dns_config.nameservers.empty()) {
        return Error(Code::kInvalidSpec,
                     "spec.dnsConfig.nameservers: dnsPolicy None needs at least one");
      }
      return Resolver();
    case DnsPolicy::kDefault: return NodeResolverForPod(request);
    case DnsPolicy::kClusterFirst:
      if (request.host_network) return NodeResolverForPod(request);
      break;
    case DnsPolicy::kClusterFirstWithHostNet: break;
  }
  if (!request.cluster_dns.empty()) return ClusterResolver(request);
  warnings.emplace_back("no cluster DNS is configured on this node: dnsPolicy Default is used");
  return NodeResolverForPod(request);
}

void Cut(std::vector<std::string>& list, std::size_t count, std::string_view what,
         std::vector<std::string>& warnings) {
  if (list.size() <= count) return;
  warnings.push_back(
      StrCat("resolv.conf: only the first ", count, " of ", list.size(), " ", what, " are used"));
  list.resize(count);
}

void CutToLimits(Resolver& resolver, std::vector<std::string>& warnings) {
  Cut(resolver.nameservers, kMaxNameservers, "nameservers", warnings);
  std::size_t fitting = 0;
  std::size_t bytes = 0;
  for (const std::string& search : resolver.searches) {
    bytes += search.size() + (fitting > 0 ? 1 : 0);
    if (bytes > kMaxSearchBytes) break;
    ++fitting;
  }
  Cut(resolver.searches, std::min(fitting, kMaxSearches), "search domains", warnings);
}

std::string ResolvConfText(const Resolver& resolver) {
  std::string text;
  for (const std::string& server : resolver.nameservers)
    text += StrCat("nameserver ", server, "\n");
  if (!resolver.searches.empty()) text += StrCat("search ", Join(resolver.searches, " "), "\n");
  std::vector<std::string> options;
  for (const auto& [name, value] : resolver.options)
    options.push_back(value && !value->empty() ? StrCat(name, ":", *value) : name);
  if (!options.empty()) text += StrCat("options ", Join(options, " "), "\n");
  return text;
}

// A pod's name may be longer than a label of DNS; what is cut must not end in '-' or '.'.
std::string ShortHostname(const PodFilesRequest& request) {
  if (request.host_network) return request.node_hostname;
  if (!request.hostname.empty()) return request.hostname;
  std::string name = request.pod_name.substr(0, kMaxHostname);
  while (!name.empty() && (name.back() == '-' || name.back() == '.')) name.pop_back();
  return name;
}

std::string Fqdn(const PodFilesRequest& request, const std::string& hostname) {
  if (request.subdomain.empty() || request.host_network) return {};
  return StrCat(hostname, ".", request.subdomain, ".", request.pod_namespace, ".svc.",
                request.cluster_domain);
}

std::string HostsText(const PodFilesRequest& request, const std::string& hostname,
                      const std::string& fqdn) {
  std::string text;
  if (request.host_network) {
    text = StrCat("# Kubernetes-managed hosts file (host network).\n", request.node_hosts);
    if (text.back() != '\n') text += '\n';
  } else {
    text = StrCat("# Kubernetes-managed hosts file.\n", kHostsHead);
    for (const IpAddress& ip : request.ips) {
      text += StrCat(ip.ToString(), "\t");
      if (!fqdn.empty()) text += StrCat(fqdn, "\t");
      text += StrCat(hostname, "\n");
    }
  }
  if (!request.host_aliases.empty()) text += "\n# Entries added by HostAliases.\n";
  for (const HostAlias& alias : request.host_aliases)
    text += StrCat(alias.ip, "\t", Join(alias.hostnames, "\t"), "\n");
  return text;
}

}  // namespace

Result<PodFiles> MakePodFiles(const PodFilesRequest& request) {
  PodFiles files;
  CAISSON_ASSIGN(Resolver resolver, BaseResolver(request, files.warnings));
  for (const std::string& server : request.dns_config.nameservers)
    AddOnce(resolver.nameservers, server);
  for (const std::string& search : request.dns_config.searches) AddOnce(resolver.searches, search);
  for (const auto& option : request.dns_config.options) SetOption(resolver, option);
  CutToLimits(resolver, files.warnings);
  files.resolv_conf = ResolvConfText(resolver);

  const std::string hostname = ShortHostname(request);
  const std::string fqdn = Fqdn(request, hostname);
  files.hosts = HostsText(request, hostname, fqdn);
  const bool use_fqdn = request.hostname_as_fqdn && !fqdn.empty();
  if (use_fqdn && fqdn.size() > kMaxFqdn) {
    return Error(Code::kInvalidSpec, StrCat("spec.setHostnameAsFQDN: \"", fqdn,
                                            "\" is longer than ", kMaxFqdn, " bytes"))
        .Hint("use a shorter hostname, subdomain or namespace");
  }
  files.hostname = use_fqdn ? fqdn : hostname;
  files.hostname_file = StrCat(files.hostname, "\n");
  return files;
}

}  // namespace caisson::network
