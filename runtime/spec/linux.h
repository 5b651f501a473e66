// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/spec/id_mapping.h"
#include "runtime/spec/resources.h"
#include "runtime/spec/seccomp.h"

namespace caisson::spec {

// The `linux` object of config.json.
// Source: runtime-spec 1.3, config-linux.md.

enum class NamespaceType { kPid, kNetwork, kMount, kIpc, kUts, kUser, kCgroup, kTime };
inline constexpr std::size_t kNamespaceTypes = 8;

// The configuration's name: "network", "mount"; and the kernel's under /proc/PID/ns: "net", "mnt".
std::string_view NameOf(NamespaceType type);
std::string_view ProcNameOf(NamespaceType type);
// The CLONE_NEW* flag.
int CloneFlagOf(NamespaceType type);

struct Namespace {
  NamespaceType type = NamespaceType::kPid;
  std::string path;  // empty: a new one; absent from the list: the runtime's own
};

struct TimeOffset {
  std::string clock;  // "monotonic" or "boottime"
  std::int64_t secs = 0;
  std::uint32_t nanosecs = 0;
};

struct Device {
  char type = 'c';  // 'b', 'c' (also written "u") or 'p'
  std::string path;
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::optional<mode_t> file_mode;
  std::optional<std::uint32_t> uid;
  std::optional<std::uint32_t> gid;
};

// A network interface of the runtime's namespace to move into the container's.
struct NetDevice {
  std::string host_name;
  std::string container_name;  // empty: keeps its name
};

struct IntelRdt {
  std::string clos_id;
  std::vector<std::string> schemata;
  std::string l3_cache_schema;
  std::string mem_bw_schema;
  bool enable_monitoring = false;
};

struct MemoryPolicy {
  std::string mode;   // "MPOL_BIND"
  std::string nodes;  // "0-1"
  std::vector<std::string> flags;
};

struct Personality {
  std::string domain;  // "LINUX" or "LINUX32"
  std::vector<std::string> flags;
};

struct Linux {
  std::vector<Namespace> namespaces;
  std::vector<IdMapping> uid_mappings;
  std::vector<IdMapping> gid_mappings;
  std::vector<TimeOffset> time_offsets;
  std::vector<Device> devices;
  std::vector<NetDevice> net_devices;
  std::string cgroups_path;  // empty: the runtime's choice
  Resources resources;
  std::optional<IntelRdt> intel_rdt;
  StringMap sysctl;
  std::optional<Seccomp> seccomp;
  std::string rootfs_propagation;  // "", "shared", "slave", "private", "unbindable" or r… of these
  std::vector<std::string> masked_paths;
  std::vector<std::string> readonly_paths;
  std::string mount_label;
  std::optional<MemoryPolicy> memory_policy;
  std::optional<Personality> personality;

  // The entry of that type, or nullptr when the container shares the runtime's namespace.
  const Namespace* FindNamespace(NamespaceType type) const;
};

}  // namespace caisson::spec
