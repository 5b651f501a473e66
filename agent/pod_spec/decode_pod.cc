// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/pod_spec/pod.h"
#include "agent/pod_spec/reader.h"

// Every Decode has external linkage: Reader's templates find it by its argument's namespace.
namespace caisson::pod_spec {

void Decode(const Reader& from, ObjectMeta& out) {
  from.Get("name", out.name);
  from.Get("namespace", out.namespace_);
  from.Get("uid", out.uid);
  from.Get("resourceVersion", out.resource_version);
  from.Get("generation", out.generation);
  from.Get("labels", out.labels);
  from.Get("annotations", out.annotations);
  from.Get("creationTimestamp", out.creation_timestamp);
  from.Get("deletionTimestamp", out.deletion_timestamp);
  from.Get("deletionGracePeriodSeconds", out.deletion_grace_period_seconds);
}

void Decode(const Reader& from, Sysctl& out) {
  from.Get("name", out.name);
  from.Get("value", out.value);
}

void Decode(const Reader& from, PodSecurityContext& out) {
  from.Get("seLinuxOptions", out.se_linux_options);
  from.Get("runAsUser", out.run_as_user);
  from.Get("runAsGroup", out.run_as_group);
  from.Get("runAsNonRoot", out.run_as_non_root);
  from.Get("supplementalGroups", out.supplemental_groups);
  from.Get("supplementalGroupsPolicy", out.supplemental_groups_policy);
  from.Get("fsGroup", out.fs_group);
  from.Get("fsGroupChangePolicy", out.fs_group_change_policy);
  from.Get("sysctls", out.sysctls);
  from.Get("seccompProfile", out.seccomp_profile);
  from.Get("appArmorProfile", out.app_armor_profile);
}

void Decode(const Reader& from, HostAlias& out) {
  from.Get("ip", out.ip);
  from.Get("hostnames", out.hostnames);
}

void Decode(const Reader& from, DnsOption& out) {
  from.Get("name", out.name);
  from.Get("value", out.value);
}

void Decode(const Reader& from, PodDnsConfig& out) {
  from.Get("nameservers", out.nameservers);
  from.Get("searches", out.searches);
  from.Get("options", out.options);
}

namespace {

// Lists of objects of which only one string is wanted.
struct Named {
  std::string name;
};
struct Gate {
  std::string type;
};

}  // namespace

void Decode(const Reader& from, Named& out) { from.Get("name", out.name); }
void Decode(const Reader& from, Gate& out) { from.Get("conditionType", out.type); }

void Decode(const Reader& from, PodSpec& out) {
  from.Get("volumes", out.volumes);
  from.Get("initContainers", out.init_containers);
  from.Get("containers", out.containers);
  from.Get("ephemeralContainers", out.ephemeral_containers);
  from.GetEnum("restartPolicy", out.restart_policy, {"Always", "OnFailure", "Never"});
  from.Get("terminationGracePeriodSeconds", out.termination_grace_period_seconds);
  from.Get("activeDeadlineSeconds", out.active_deadline_seconds);
  from.GetEnum("dnsPolicy", out.dns_policy,
               {"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"});
  from.Get("dnsConfig", out.dns_config);
  from.Get("hostAliases", out.host_aliases);
  from.Get("nodeName", out.node_name);
  from.Get("serviceAccountName", out.service_account_name);
  from.Get("hostNetwork", out.host_network);
  from.Get("hostPID", out.host_pid);
  from.Get("hostIPC", out.host_ipc);
  from.Get("hostUsers", out.host_users);
  from.Get("shareProcessNamespace", out.share_process_namespace);
  from.Get("enableServiceLinks", out.enable_service_links);
  from.Get("securityContext", out.security_context);
  from.Get("hostname", out.hostname);
  from.Get("subdomain", out.subdomain);
  from.Get("setHostnameAsFQDN", out.set_hostname_as_fqdn);
  from.Get("priorityClassName", out.priority_class_name);
  from.Get("priority", out.priority);
  from.Get("overhead", out.overhead);
  from.Get("resources", out.resources);
  std::vector<Named> secrets;
  from.Get("imagePullSecrets", secrets);
  for (Named& secret : secrets) out.image_pull_secrets.push_back(std::move(secret.name));
  std::vector<Gate> gates;
  from.Get("readinessGates", gates);
  for (Gate& gate : gates) out.readiness_gates.push_back(std::move(gate.type));
}

Result<Pod> DecodePod(std::shared_ptr<const nlohmann::json> document) {
  std::optional<Error> error;
  Pod pod;
  const Reader root(*document, error);
  root.Get("metadata", pod.metadata);
  root.Get("spec", pod.spec);
  pod.document = std::move(document);
  if (error) return *std::move(error);
  return pod;
}

}  // namespace caisson::pod_spec
