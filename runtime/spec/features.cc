// SPDX-License-Identifier: Apache-2.0
#include "runtime/spec/features.h"

#include <algorithm>

#include "runtime/spec/config.h"
#include "runtime/spec/field_writer.h"
#include "runtime/spec/linux_fields.h"

namespace caisson::spec {
namespace {

constexpr std::string_view kOciVersionMin = "1.0.0";

// In this document false is a statement, unlike in config.json, where it is what absent means.
struct Document {
  const FeatureTables& tables;
};
struct LinuxPart {
  const FeatureTables& tables;
};
struct CgroupPart {
  const FeatureTables& tables;
};
struct SeccompPart {
  const FeatureTables& tables;
};
struct RdtPart {
  bool enabled;
};
struct EnabledPart {
  bool enabled;
};
struct MemoryPolicyPart {
  const FeatureTables& tables;
};
struct MountExtensionsPart {
  bool idmap;
};

template <class V>
void Fields(V& v, Is<EnabledPart> auto& part) {
  v.Required("enabled", part.enabled);
}

template <class V>
void Fields(V& v, Is<MountExtensionsPart> auto& part) {
  v.Required("idmap", EnabledPart{part.idmap});
}

template <class V>
void Fields(V& v, Is<RdtPart> auto& part) {
  v.Required("enabled", part.enabled);
  v.Required("schemata", part.enabled);
  v.Required("monitoring", part.enabled);
}

template <class V>
void Fields(V& v, Is<MemoryPolicyPart> auto& part) {
  v.Required("modes", part.tables.memory_policy_modes);
  v.Required("flags", part.tables.memory_policy_flags);
}

template <class V>
void Fields(V& v, Is<CgroupPart> auto& part) {
  v.Required("v1", part.tables.cgroup_v1);
  v.Required("v2", part.tables.cgroup_v2);
  v.Required("systemd", part.tables.cgroup_systemd);
  v.Required("systemdUser", part.tables.cgroup_systemd_user);
  v.Required("rdma", part.tables.cgroup_rdma);
}

template <class V>
void Fields(V& v, Is<SeccompPart> auto& part) {
  v.Required("enabled", !part.tables.seccomp_actions.empty());
  v.Optional("actions", part.tables.seccomp_actions);
  v.Optional("operators", part.tables.seccomp_operators);
  v.Optional("archs", part.tables.seccomp_archs);
  v.Optional("knownFlags", part.tables.seccomp_known_flags);
  v.Optional("supportedFlags", part.tables.seccomp_supported_flags);
}

template <class V>
void Fields(V& v, Is<LinuxPart> auto& part) {
  std::vector<std::string> namespaces(kNamespaceNames.begin(), kNamespaceNames.end());
  std::sort(namespaces.begin(), namespaces.end());
  v.Required("namespaces", namespaces);
  v.Optional("capabilities", part.tables.capabilities);
  v.Required("cgroup", CgroupPart{part.tables});
  v.Required("seccomp", SeccompPart{part.tables});
  v.Required("apparmor", EnabledPart{part.tables.apparmor});
  v.Required("selinux", EnabledPart{part.tables.selinux});
  v.Required("intelRdt", RdtPart{part.tables.intel_rdt});
  v.Required("memoryPolicy", MemoryPolicyPart{part.tables});
  v.Required("mountExtensions", MountExtensionsPart{part.tables.idmapped_mounts});
  v.Required("netDevices", EnabledPart{part.tables.net_devices});
}

template <class V>
void Fields(V& v, Is<Document> auto& document) {
  const std::vector<std::string> hooks = {"prestart",       "createRuntime", "createContainer",
                                          "startContainer", "poststart",     "poststop"};
  v.Required("ociVersionMin", std::string(kOciVersionMin));
  v.Required("ociVersionMax", std::string(kOciVersion));
  v.Required("hooks", hooks);
  v.Optional("mountOptions", document.tables.mount_options);
  v.Required("linux", LinuxPart{document.tables});
  v.Optional("annotations", document.tables.annotations);
  v.Optional("potentiallyUnsafeConfigAnnotations", document.tables.unsafe_annotations);
}

}  // namespace

std::string FeaturesJson(const FeatureTables& tables) {
  return WriteJson(Document{tables}, "    ");
}

}  // namespace caisson::spec
