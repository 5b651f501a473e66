// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "runtime/spec/checks.h"

namespace caisson::spec {
namespace {

bool Has(const Linux& linux, NamespaceType type) { return linux.FindNamespace(type) != nullptr; }

Status CheckList(const std::vector<Namespace>& namespaces) {
  std::array<bool, kNamespaceTypes> seen{};
  for (std::size_t i = 0; i < namespaces.size(); ++i) {
    const Namespace& ns = namespaces[i];
    bool& this_type = seen[static_cast<std::size_t>(ns.type)];
    if (this_type)
      return Invalid("linux.namespaces[", i, "]: \"", NameOf(ns.type), "\" is given twice");
    this_type = true;
    if (!ns.path.empty() && ns.path[0] != '/')
      return Invalid("linux.namespaces[", i, "].path: \"", ns.path, "\" is not an absolute path");
  }
  return Ok();
}

Status CheckUser(const Linux& linux, Warnings& warnings) {
  CAISSON_TRY(CheckMappings("linux.uidMappings", linux.uid_mappings));
  CAISSON_TRY(CheckMappings("linux.gidMappings", linux.gid_mappings));
  const bool has_mappings = !linux.uid_mappings.empty() || !linux.gid_mappings.empty();
  const Namespace* const user = linux.FindNamespace(NamespaceType::kUser);
  if (user == nullptr && has_mappings)
    return Invalid("linux.uidMappings: id mappings need a user namespace")
        .Hint("add {\"type\": \"user\"} to linux.namespaces");
  if (user == nullptr) return Ok();
  if (user->path.empty() && (linux.uid_mappings.empty() || linux.gid_mappings.empty()))
    return Invalid("linux.namespaces: a new user namespace needs uidMappings and gidMappings");
  if (!user->path.empty() && has_mappings)
    warnings.push_back("linux.uidMappings: ignored, the user namespace is joined by path");
  return Ok();
}

Status CheckTime(const Linux& linux) {
  if (linux.time_offsets.empty()) return Ok();
  const Namespace* const time = linux.FindNamespace(NamespaceType::kTime);
  if (time == nullptr) return Invalid("linux.timeOffsets: need a time namespace");
  if (!time->path.empty())
    return Invalid("linux.timeOffsets: cannot be set in a time namespace joined by path");
  constexpr std::array<std::string_view, 2> kClocks = {"monotonic", "boottime"};
  for (const TimeOffset& offset : linux.time_offsets) {
    CAISSON_TRY(CheckOneOf("linux.timeOffsets", offset.clock, kClocks));
    if (offset.nanosecs >= 1'000'000'000)
      return Invalid("linux.timeOffsets.", offset.clock, ".nanosecs: ", offset.nanosecs,
                     " is not below one second");
  }
  return Ok();
}

// Source: dev_valid_name() of the kernel: 1 to 15 characters, no '/', no ':', no white space.
bool IsInterfaceName(std::string_view name) {
  constexpr std::size_t kMaxName = 15;
  return !name.empty() && name.size() <= kMaxName && name != "." && name != ".." &&
         name.find_first_of("/: \t\n\v\f\r") == std::string_view::npos;
}

Status CheckNetDevices(const Linux& linux) {
  if (linux.net_devices.empty()) return Ok();
  if (!Has(linux, NamespaceType::kNetwork))
    return Invalid("linux.netDevices: need a network namespace");
  for (const NetDevice& device : linux.net_devices) {
    if (!IsInterfaceName(device.host_name))
      return Invalid("linux.netDevices: \"", device.host_name, "\" is not an interface name");
    if (!device.container_name.empty() && !IsInterfaceName(device.container_name))
      return Invalid("linux.netDevices.", device.host_name, ".name: \"", device.container_name,
                     "\" is not an interface name");
  }
  return Ok();
}

Status CheckHostNames(const Config& config) {
  constexpr std::size_t kMaxName = 64;  // __NEW_UTS_LEN
  for (const auto& [field, name] : {std::pair("hostname", std::string_view(config.hostname)),
                                    std::pair("domainname", std::string_view(config.domainname))}) {
    if (name.empty()) continue;
    if (!Has(config.linux, NamespaceType::kUts))
      return Invalid(field, ": cannot be set without a UTS namespace")
          .Hint("add {\"type\": \"uts\"} to linux.namespaces");
    if (name.size() > kMaxName) return Invalid(field, ": is longer than ", kMaxName, " characters");
  }
  return Ok();
}

// What the kernel keeps per IPC namespace. Source: namespaces(7), ipc_namespaces(7).
constexpr std::array<std::string_view, 8> kIpcSysctls = {
    "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
    "kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced"};

Status NeedNamespace(const Linux& linux, NamespaceType type, std::string_view key) {
  if (Has(linux, type)) return Ok();
  return Invalid("linux.sysctl: \"", key, "\" is not allowed in the host's ", NameOf(type),
                 " namespace");
}

}  // namespace

Status ValidateNamespaces(const Config& config, Warnings& warnings) {
  const Linux& linux = config.linux;
  CAISSON_TRY(CheckList(linux.namespaces));
  CAISSON_TRY(CheckUser(linux, warnings));
  CAISSON_TRY(CheckTime(linux));
  CAISSON_TRY(CheckNetDevices(linux));
  CAISSON_TRY(CheckHostNames(config));
  // Its mounts are made on the host and taken away with it; nothing can be hidden there.
  if (!Has(linux, NamespaceType::kMount) &&
      (!linux.masked_paths.empty() || !linux.readonly_paths.empty()))
    return Invalid("linux.maskedPaths: paths cannot be masked without a mount namespace")
        .Hint("add {\"type\": \"mount\"} to linux.namespaces");
  return Ok();
}

Status ValidateSysctls(const Config& config) {
  for (const auto& [name, value] : config.linux.sysctl) {
    // Both separators are in use; as in sysctl(8), the first one tells which.
    std::string key = name;
    const auto separator = key.find_first_of("./");
    if (separator != std::string::npos && key[separator] == '/')
      for (char& c : key) c = c == '/' ? '.' : c == '.' ? '/' : c;
    if (key.empty() || key.find("..") != std::string::npos || key.front() == '.' ||
        key.find_first_of("\n\t ") != std::string::npos)
      return Invalid("linux.sysctl: \"", name, "\" is not a name of a kernel parameter");

    const bool is_ipc = key.starts_with("fs.mqueue.") ||
                        std::find(kIpcSysctls.begin(), kIpcSysctls.end(), key) != kIpcSysctls.end();
    if (is_ipc) {
      CAISSON_TRY(NeedNamespace(config.linux, NamespaceType::kIpc, name));
    } else if (key.starts_with("net.")) {
      CAISSON_TRY(NeedNamespace(config.linux, NamespaceType::kNetwork, name));
    } else if (key.starts_with("user.")) {
      CAISSON_TRY(NeedNamespace(config.linux, NamespaceType::kUser, name));
    } else if (key == "kernel.domainname") {
      CAISSON_TRY(NeedNamespace(config.linux, NamespaceType::kUts, name));
      if (!config.domainname.empty())
        return Invalid("linux.sysctl: \"", name, "\" conflicts with the field \"domainname\"");
    } else if (key == "kernel.hostname") {
      return Invalid("linux.sysctl: \"", name, "\" conflicts with the field \"hostname\"");
    } else {
      return Invalid("linux.sysctl: \"", name, "\" is not in a separate kernel namespace");
    }
  }
  return Ok();
}

}  // namespace caisson::spec
