// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

#include "runtime/spec/field_reader.h"
#include "runtime/spec/linux.h"
#include "runtime/spec/resources_fields.h"

// The JSON names of linux.h and seccomp.h; order is the order of writing. Only for .cc files.
namespace caisson::spec {

// In the order of NamespaceType.
inline constexpr std::array<std::string_view, kNamespaceTypes> kNamespaceNames = {
    "pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"};

template <class V>
void Fields(V& v, Is<IdMapping> auto& mapping) {
  v.Required("containerID", mapping.container_id);
  v.Required("hostID", mapping.host_id);
  v.Required("size", mapping.size);
}

template <class V>
void Fields(V& v, Is<Namespace> auto& ns) {
  v.Enum("type", ns.type, kNamespaceNames);
  v.Optional("path", ns.path);
}

template <class V>
void Fields(V& v, Is<TimeOffset> auto& offset) {
  v.Optional("secs", offset.secs);
  v.Optional("nanosecs", offset.nanosecs);
}

template <class V>
void Fields(V& v, Is<Device> auto& device) {
  v.RequiredLetter("type", device.type, "cubp");
  v.Required("path", device.path);
  if (device.type == 'p') {
    v.Optional("major", device.major);
    v.Optional("minor", device.minor);
  } else {
    v.Required("major", device.major);
    v.Required("minor", device.minor);
  }
  v.Optional("fileMode", device.file_mode);
  v.Optional("uid", device.uid);
  v.Optional("gid", device.gid);
}

template <class V>
void Fields(V& v, Is<NetDevice> auto& device) {
  v.Optional("name", device.container_name);
}

template <class V>
void Fields(V& v, Is<IntelRdt> auto& rdt) {
  v.Optional("closID", rdt.clos_id);
  v.Optional("schemata", rdt.schemata);
  v.Optional("l3CacheSchema", rdt.l3_cache_schema);
  v.Optional("memBwSchema", rdt.mem_bw_schema);
  v.Optional("enableMonitoring", rdt.enable_monitoring);
}

template <class V>
void Fields(V& v, Is<MemoryPolicy> auto& policy) {
  v.Required("mode", policy.mode);
  v.Optional("nodes", policy.nodes);
  v.Optional("flags", policy.flags);
}

template <class V>
void Fields(V& v, Is<Personality> auto& personality) {
  v.Required("domain", personality.domain);
  v.Optional("flags", personality.flags);
}

template <class V>
void Fields(V& v, Is<SeccompArg> auto& arg) {
  v.Required("index", arg.index);
  v.Required("value", arg.value);
  v.Optional("valueTwo", arg.value_two);
  v.Required("op", arg.op);
}

template <class V>
void Fields(V& v, Is<SeccompSyscall> auto& rule) {
  v.Required("names", rule.names);
  v.Required("action", rule.action);
  v.Optional("errnoRet", rule.errno_ret);
  v.Optional("args", rule.args);
}

template <class V>
void Fields(V& v, Is<Seccomp> auto& seccomp) {
  v.Required("defaultAction", seccomp.default_action);
  v.Optional("defaultErrnoRet", seccomp.default_errno_ret);
  v.Optional("architectures", seccomp.architectures);
  v.Optional("flags", seccomp.flags);
  v.Optional("listenerPath", seccomp.listener_path);
  v.Optional("listenerMetadata", seccomp.listener_metadata);
  v.Optional("syscalls", seccomp.syscalls);
}

template <class V>
void Fields(V& v, Is<Linux> auto& config) {
  v.Optional("uidMappings", config.uid_mappings);
  v.Optional("gidMappings", config.gid_mappings);
  v.Optional("sysctl", config.sysctl);
  v.Optional("resources", config.resources);
  v.Optional("cgroupsPath", config.cgroups_path);
  v.Optional("namespaces", config.namespaces);
  v.Optional("devices", config.devices);
  v.Keyed("netDevices", config.net_devices, &NetDevice::host_name);
  v.Optional("seccomp", config.seccomp);
  v.Optional("rootfsPropagation", config.rootfs_propagation);
  v.Optional("maskedPaths", config.masked_paths);
  v.Optional("readonlyPaths", config.readonly_paths);
  v.Optional("mountLabel", config.mount_label);
  v.Optional("intelRdt", config.intel_rdt);
  v.Optional("memoryPolicy", config.memory_policy);
  v.Optional("personality", config.personality);
  v.Keyed("timeOffsets", config.time_offsets, &TimeOffset::clock);
}

}  // namespace caisson::spec
