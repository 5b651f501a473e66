// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "runtime/spec/checks.h"

namespace caisson::spec {
namespace {

constexpr std::array<std::string_view, 9> kPropagations = {
    "", "shared", "slave", "private", "unbindable", "rshared", "rslave", "rprivate", "runbindable"};
constexpr std::array<std::string_view, 7> kMemoryModes = {
    "MPOL_DEFAULT",   "MPOL_BIND",           "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE",
    "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL"};
constexpr std::array<std::string_view, 3> kMemoryFlags = {
    "MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"};
constexpr std::array<std::string_view, 2> kPersonalities = {"LINUX", "LINUX32"};

Status CheckDevices(const std::vector<Device>& devices) {
  for (std::size_t i = 0; i < devices.size(); ++i) {
    const Device& device = devices[i];
    if (device.path.empty()) return Invalid("linux.devices[", i, "].path: is empty");
    // dev_t has 12 and 20 bits for them.
    if (device.type != 'p' &&
        (device.major < 0 || device.major > 0xfff || device.minor < 0 || device.minor > 0xfffff))
      return Invalid("linux.devices[", i, "]: ", device.major, ":", device.minor,
                     " is not a device number");
    constexpr std::uint32_t kNoId = 0xFFFFFFFF;  // means "leave as it is" to the kernel
    for (const auto& [member, id] : {std::pair("uid", device.uid), std::pair("gid", device.gid)})
      if (id == kNoId)
        return Invalid("linux.devices[", i, "].", member, ": ", kNoId, " is not an id");
  }
  return Ok();
}

bool HasLineEnd(std::string_view text) { return text.find('\n') != std::string_view::npos; }

// The id becomes a directory's name in resctrl, but for "/", the default class.
Status CheckIntelRdt(const IntelRdt& rdt, Warnings& warnings) {
  const bool is_name = rdt.clos_id != "." && rdt.clos_id != ".." && !HasLineEnd(rdt.clos_id) &&
                       rdt.clos_id.find('/') == std::string::npos;
  if (!is_name && rdt.clos_id != "/")
    return Invalid("linux.intelRdt.closID: \"", rdt.clos_id, "\" is not a directory name");
  if (!rdt.l3_cache_schema.empty() &&
      (!rdt.l3_cache_schema.starts_with("L3:") || HasLineEnd(rdt.l3_cache_schema)))
    warnings.push_back("linux.intelRdt.l3CacheSchema: should be one line that starts with \"L3:\"");
  if (!rdt.mem_bw_schema.empty() &&
      (!rdt.mem_bw_schema.starts_with("MB:") || HasLineEnd(rdt.mem_bw_schema)))
    return Invalid("linux.intelRdt.memBwSchema: must be one line that starts with \"MB:\"");
  if (HasLineEnd(rdt.l3_cache_schema))
    return Invalid("linux.intelRdt.l3CacheSchema: must be one line");
  for (std::size_t i = 0; i < rdt.schemata.size(); ++i)
    if (HasLineEnd(rdt.schemata[i]))
      return Invalid("linux.intelRdt.schemata[", i, "]: must be one line");
  return Ok();
}

Status CheckSeccomp(const Seccomp& seccomp) {
  if (!seccomp.listener_metadata.empty() && seccomp.listener_path.empty())
    return Invalid("linux.seccomp.listenerMetadata: cannot be set without listenerPath");
  for (std::size_t i = 0; i < seccomp.syscalls.size(); ++i) {
    const SeccompSyscall& rule = seccomp.syscalls[i];
    if (rule.names.empty())
      return Invalid("linux.seccomp.syscalls[", i, "].names: must have at least one name");
    for (std::size_t j = 0; j < rule.args.size(); ++j)
      if (rule.args[j].index > 5)
        return Invalid("linux.seccomp.syscalls[", i, "].args[", j, "].index: ", rule.args[j].index,
                       " is above 5");
  }
  return Ok();
}

}  // namespace

Status ValidateLinux(const Linux& linux, Warnings& warnings) {
  CAISSON_TRY(CheckDevices(linux.devices));
  CAISSON_TRY(CheckOneOf("linux.rootfsPropagation", linux.rootfs_propagation, kPropagations));
  if (linux.intel_rdt) CAISSON_TRY(CheckIntelRdt(*linux.intel_rdt, warnings));
  if (linux.memory_policy) {
    CAISSON_TRY(CheckOneOf("linux.memoryPolicy.mode", linux.memory_policy->mode, kMemoryModes));
    for (const std::string& flag : linux.memory_policy->flags)
      CAISSON_TRY(CheckOneOf("linux.memoryPolicy.flags", flag, kMemoryFlags));
  }
  if (linux.personality) {
    CAISSON_TRY(CheckOneOf("linux.personality.domain", linux.personality->domain, kPersonalities));
    if (!linux.personality->flags.empty())
      return Invalid("linux.personality.flags: no flag is supported");
  }
  if (linux.seccomp) CAISSON_TRY(CheckSeccomp(*linux.seccomp));
  return ValidateResources(linux.resources);
}

}  // namespace caisson::spec
