// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/pod_spec/names.h"
#include "agent/pod_spec/validate.h"
#include "agent/pod_spec/validate_parts.h"
#include "runtime/base/strings.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

void ValidateVolumes(const json& spec, PodContext& context, FieldErrors& errors) {
  const json& volumes = ListOf(spec, "volumes");
  for (std::size_t i = 0; i < volumes.size(); ++i) {
    const std::string path = StrCat("spec.volumes[", i, "]");
    const std::string name = TextOf(volumes[i], "name");
    if (name.empty()) {
      errors.Required(StrCat(path, ".name"));
    } else if (const std::string wrong = CheckDnsLabel(name); !wrong.empty()) {
      errors.Invalid(StrCat(path, ".name"), name, wrong);
    } else if (!context.volumes.insert(name).second) {
      errors.Duplicate(StrCat(path, ".name"), name);
    }
    ValidateVolume(volumes[i], path, errors);
  }
}

void ValidateContainers(const json& spec, PodContext context, FieldErrors& errors) {
  if (ListOf(spec, "containers").empty()) errors.Required("spec.containers");
  std::set<std::string> names;
  std::set<std::string> host_ports;
  for (const char* list : {"initContainers", "containers", "ephemeralContainers"}) {
    const json& containers = ListOf(spec, list);
    context.is_init = std::string_view(list) == "initContainers";
    for (std::size_t i = 0; i < containers.size(); ++i) {
      const std::string path = StrCat("spec.", list, "[", i, "]");
      ValidateContainer(containers[i], path, context, errors);
      const std::string name = TextOf(containers[i], "name");
      if (!name.empty() && !names.insert(name).second)
        errors.Duplicate(StrCat(path, ".name"), name);
      const json& ports = ListOf(containers[i], "ports");
      for (std::size_t j = 0; j < ports.size() && !context.is_init; ++j) {
        const std::int64_t port = NumberOf(ports[j], "hostPort");
        const std::string key =
            StrCat(TextOf(ports[j], "protocol"), "/", TextOf(ports[j], "hostIP"), "/", port);
        if (port != 0 && !host_ports.insert(key).second)
          errors.Duplicate(StrCat(path, ".ports[", j, "].hostPort"), key);
      }
    }
  }
}

void ValidateDns(const json& spec, FieldErrors& errors) {
  CheckWord(spec, "dnsPolicy", "spec",
            {"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"}, errors);
  static const json none = json::object();
  const auto at = spec.find("dnsConfig");
  const json& config = at == spec.end() ? none : *at;
  const json& servers = ListOf(config, "nameservers");
  if (TextOf(spec, "dnsPolicy") == "None" && servers.empty())
    errors.Required("spec.dnsConfig.nameservers",
                    "must provide at least one DNS nameserver when `dnsPolicy` is None");
  if (servers.size() > 3)
    errors.Invalid("spec.dnsConfig.nameservers", servers, "must not have more than 3 nameservers");
  for (std::size_t i = 0; i < servers.size(); ++i) {
    if (!IsIpAddress(servers[i].get_ref<const std::string&>()))
      errors.Invalid(StrCat("spec.dnsConfig.nameservers[", i, "]"), servers[i],
                     "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
  }
  const json& searches = ListOf(config, "searches");
  if (searches.size() > 32)
    errors.Invalid("spec.dnsConfig.searches", searches, "must not have more than 32 search paths");
  for (std::size_t i = 0; i < searches.size(); ++i) {
    std::string domain = searches[i].get<std::string>();
    if (domain == ".") continue;
    if (domain.ends_with('.')) domain.pop_back();
    errors.Check(StrCat("spec.dnsConfig.searches[", i, "]"), domain, CheckDnsSubdomain(domain));
  }
  const json& options = ListOf(config, "options");
  for (std::size_t i = 0; i < options.size(); ++i) {
    if (TextOf(options[i], "name").empty())
      errors.Required(StrCat("spec.dnsConfig.options[", i, "].name"));
  }
}

void ValidateHost(const json& spec, FieldErrors& errors) {
  for (const char* field : {"hostname", "subdomain"}) {
    const std::string text = TextOf(spec, field);
    if (!text.empty()) errors.Check(StrCat("spec.", field), text, CheckDnsLabel(text));
  }
  const std::string node = TextOf(spec, "nodeName");
  if (!node.empty()) errors.Check("spec.nodeName", node, CheckDnsSubdomain(node));
  const json& aliases = ListOf(spec, "hostAliases");
  for (std::size_t i = 0; i < aliases.size(); ++i) {
    const std::string path = StrCat("spec.hostAliases[", i, "]");
    const std::string ip = TextOf(aliases[i], "ip");
    if (!IsIpAddress(ip))
      errors.Invalid(StrCat(path, ".ip"), ip,
                     "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)");
    const json& names = ListOf(aliases[i], "hostnames");
    for (std::size_t j = 0; j < names.size(); ++j) {
      const auto& name = names[j].get_ref<const std::string&>();
      errors.Check(StrCat(path, ".hostnames[", j, "]"), name, CheckDnsSubdomain(name));
    }
  }
}

void CheckId(const json& context, const char* field, const std::string& path, FieldErrors& errors) {
  const std::int64_t id = NumberOf(context, field);
  if (id < 0 || id > 2147483647)
    errors.Invalid(StrCat(path, ".", field), context[field],
                   "must be between 0 and 2147483647, inclusive");
}

bool IsSysctlName(std::string_view name) {
  if (name.empty() || name.size() > 253) return false;
  for (const std::string_view part : Split(name, '.')) {
    if (part.empty() ||
        part.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_/") != part.npos)
      return false;
  }
  return name.find("..") == name.npos && name.find('/') == name.npos;
}

void ValidateSecurity(const json& spec, FieldErrors& errors) {
  const auto at = spec.find("securityContext");
  if (at == spec.end()) return;
  const std::string path = "spec.securityContext";
  for (const char* field : {"runAsUser", "runAsGroup", "fsGroup"})
    CheckId(*at, field, path, errors);
  CheckWord(*at, "fsGroupChangePolicy", path, {"OnRootMismatch", "Always"}, errors);
  CheckWord(*at, "supplementalGroupsPolicy", path, {"Merge", "Strict"}, errors);
  ValidateSeccomp(*at, path, errors);
  const json& groups = ListOf(*at, "supplementalGroups");
  for (std::size_t i = 0; i < groups.size(); ++i) {
    const auto id = groups[i].get<std::int64_t>();
    if (id < 0 || id > 2147483647)
      errors.Invalid(StrCat(path, ".supplementalGroups[", i, "]"), id,
                     "must be between 0 and 2147483647, inclusive");
  }
  std::set<std::string> names;
  const json& sysctls = ListOf(*at, "sysctls");
  for (std::size_t i = 0; i < sysctls.size(); ++i) {
    const std::string field = StrCat(path, ".sysctls[", i, "].name");
    const std::string name = TextOf(sysctls[i], "name");
    if (name.empty()) {
      errors.Required(field);
    } else if (!IsSysctlName(name)) {
      errors.Invalid(field, name, "must have at most 253 characters and name a sysctl with dots");
    } else if (!names.insert(name).second) {
      errors.Duplicate(field, name);
    }
    const bool net = name.starts_with("net.");
    const bool ipc = name.starts_with("kernel.shm") || name.starts_with("kernel.msg") ||
                     name == "kernel.sem" || name.starts_with("fs.mqueue.");
    if (net && spec.value("hostNetwork", false))
      errors.Invalid(field, name, "may not be specified when 'hostNetwork' is true");
    if (ipc && spec.value("hostIPC", false))
      errors.Invalid(field, name, "may not be specified when 'hostIPC' is true");
  }
}

}  // namespace

void ValidatePod(const json& pod, FieldErrors& errors) {
  ValidateMetadata(pod, NameRule::kDnsSubdomain, /*namespaced=*/true, errors);
  const auto at = pod.find("spec");
  if (at == pod.end()) return errors.Required("spec");
  const json& spec = *at;

  PodContext context;
  context.host_network = spec.value("hostNetwork", false);
  ValidateVolumes(spec, context, errors);
  ValidateContainers(spec, context, errors);
  CheckWord(spec, "restartPolicy", "spec", {"Always", "OnFailure", "Never"}, errors);
  CheckNotNegative(spec, "terminationGracePeriodSeconds", "spec", errors);
  if (spec.contains("activeDeadlineSeconds")) {
    const std::int64_t seconds = NumberOf(spec, "activeDeadlineSeconds");
    if (seconds < 1 || seconds > 2147483647)
      errors.Invalid("spec.activeDeadlineSeconds", seconds,
                     "must be between 1 and 2147483647, inclusive");
  }
  if (spec.value("shareProcessNamespace", false) && spec.value("hostPID", false))
    errors.Invalid("spec.shareProcessNamespace", true,
                   "ShareProcessNamespace and HostPID cannot both be enabled");
  ValidateDns(spec, errors);
  ValidateHost(spec, errors);
  ValidateSecurity(spec, errors);
  if (const auto resources = spec.find("resources"); resources != spec.end())
    ValidateResources(*resources, "spec.resources", errors);
}

}  // namespace caisson::pod_spec
