// SPDX-License-Identifier: Apache-2.0
#include "runtime/spec/config.h"

#include <sched.h>

#include "runtime/spec/field_writer.h"
#include "runtime/spec/linux_fields.h"
#include "runtime/spec/process_fields.h"

namespace caisson::spec {

template <class V>
void Fields(V& v, Is<Root> auto& root) {
  v.Required("path", root.path);
  v.Optional("readonly", root.readonly);
}

template <class V>
void Fields(V& v, Is<Mount> auto& mount) {
  v.Required("destination", mount.destination);
  v.Optional("type", mount.type);
  v.Optional("source", mount.source);
  v.Optional("options", mount.options);
  v.Optional("uidMappings", mount.uid_mappings);
  v.Optional("gidMappings", mount.gid_mappings);
}

template <class V>
void Fields(V& v, Is<Config> auto& config) {
  v.Required("ociVersion", config.oci_version);
  v.Optional("process", config.process);
  v.Optional("root", config.root);
  v.Optional("hostname", config.hostname);
  v.Optional("domainname", config.domainname);
  v.Optional("mounts", config.mounts);
  v.Optional("hooks", config.hooks);
  v.Optional("annotations", config.annotations);
  v.Optional("linux", config.linux);
}

bool IsBefore(std::string_view version, int major, int minor) {
  const auto parts = Split(version, '.');
  if (parts.size() < 2) return false;
  const auto own_major = ParseInt<int>(parts[0]);
  const auto own_minor = ParseInt<int>(parts[1]);
  return own_major && own_minor && std::pair(*own_major, *own_minor) < std::pair(major, minor);
}

Result<Config> ParseConfig(std::string_view json) {
  CAISSON_ASSIGN(Config config, ReadJson<Config>(json));
  auto& pids = config.linux.resources.pids;
  if (pids && pids->limit == 0 && IsBefore(config.oci_version, 1, 3)) pids->limit = -1;
  return config;
}
Result<Process> ParseProcess(std::string_view json) { return ReadJson<Process>(json); }
Result<Resources> ParseResources(std::string_view json) { return ReadJson<Resources>(json); }
Result<Hooks> ParseHooks(std::string_view json) { return ReadJson<Hooks>(json); }

std::string ToJson(const Config& config, std::string_view indent) {
  return WriteJson(config, indent);
}
std::string ToJson(const Process& process, std::string_view indent) {
  return WriteJson(process, indent);
}
std::string ToJson(const Resources& resources, std::string_view indent) {
  return WriteJson(resources, indent);
}
std::string ToJson(const Hooks& hooks, std::string_view indent) { return WriteJson(hooks, indent); }

std::string_view NameOf(NamespaceType type) {
  return kNamespaceNames[static_cast<std::size_t>(type)];
}

std::string_view ProcNameOf(NamespaceType type) {
  switch (type) {
    case NamespaceType::kNetwork: return "net";
    case NamespaceType::kMount: return "mnt";
    default: return NameOf(type);
  }
}

int CloneFlagOf(NamespaceType type) {
  switch (type) {
    case NamespaceType::kPid: return CLONE_NEWPID;
    case NamespaceType::kNetwork: return CLONE_NEWNET;
    case NamespaceType::kMount: return CLONE_NEWNS;
    case NamespaceType::kIpc: return CLONE_NEWIPC;
    case NamespaceType::kUts: return CLONE_NEWUTS;
    case NamespaceType::kUser: return CLONE_NEWUSER;
    case NamespaceType::kCgroup: return CLONE_NEWCGROUP;
    case NamespaceType::kTime: return CLONE_NEWTIME;
  }
  return 0;
}

const Namespace* Linux::FindNamespace(NamespaceType type) const {
  for (const Namespace& ns : namespaces)
    if (ns.type == type) return &ns;
  return nullptr;
}

}  // namespace caisson::spec
