// SPDX-License-Identifier: Apache-2.0
#include "agent/bundle/security.h"

#include <algorithm>
#include <array>
#include <set>
#include <string_view>

#include "runtime/spec/config.h"

namespace caisson::bundle {
namespace {

// Source: capabilities(7), in the kernel's order.
constexpr std::array<std::string_view, 41> kAll = {"CHOWN",
                                                   "DAC_OVERRIDE",
                                                   "DAC_READ_SEARCH",
                                                   "FOWNER",
                                                   "FSETID",
                                                   "KILL",
                                                   "SETGID",
                                                   "SETUID",
                                                   "SETPCAP",
                                                   "LINUX_IMMUTABLE",
                                                   "NET_BIND_SERVICE",
                                                   "NET_BROADCAST",
                                                   "NET_ADMIN",
                                                   "NET_RAW",
                                                   "IPC_LOCK",
                                                   "IPC_OWNER",
                                                   "SYS_MODULE",
                                                   "SYS_RAWIO",
                                                   "SYS_CHROOT",
                                                   "SYS_PTRACE",
                                                   "SYS_PACCT",
                                                   "SYS_ADMIN",
                                                   "SYS_BOOT",
                                                   "SYS_NICE",
                                                   "SYS_RESOURCE",
                                                   "SYS_TIME",
                                                   "SYS_TTY_CONFIG",
                                                   "MKNOD",
                                                   "LEASE",
                                                   "AUDIT_WRITE",
                                                   "AUDIT_CONTROL",
                                                   "SETFCAP",
                                                   "MAC_OVERRIDE",
                                                   "MAC_ADMIN",
                                                   "SYSLOG",
                                                   "WAKE_ALARM",
                                                   "BLOCK_SUSPEND",
                                                   "AUDIT_READ",
                                                   "PERFMON",
                                                   "BPF",
                                                   "CHECKPOINT_RESTORE"};

constexpr std::array<std::string_view, 14> kDefault = {
    "CHOWN",   "DAC_OVERRIDE", "FSETID",           "FOWNER",
    "MKNOD",   "NET_RAW",      "SETGID",           "SETUID",
    "SETFCAP", "SETPCAP",      "NET_BIND_SERVICE", "SYS_CHROOT",
    "KILL",    "AUDIT_WRITE"};

std::string_view Bare(std::string_view name) {
  if (name.starts_with("CAP_")) name.remove_prefix(4);
  return name;
}

Status Check(std::string_view name, std::string_view field) {
  if (name == "ALL" || std::find(kAll.begin(), kAll.end(), name) != kAll.end()) return Ok();
  return Error(Code::kInvalidSpec, StrCat("securityContext.capabilities.", field,
                                          ": unknown capability \"", name, "\""));
}

bool Holds(const std::vector<std::string>& list, std::string_view wanted) {
  return std::any_of(list.begin(), list.end(),
                     [&](const std::string& name) { return Bare(name) == wanted; });
}

}  // namespace

Result<spec::Capabilities> MakeCapabilities(const pod_spec::SecurityContext& context) {
  std::set<std::string_view> held(kDefault.begin(), kDefault.end());
  for (const std::string& name : context.capabilities_add) CAISSON_TRY(Check(Bare(name), "add"));
  for (const std::string& name : context.capabilities_drop) CAISSON_TRY(Check(Bare(name), "drop"));
  if (Holds(context.capabilities_drop, "ALL")) held.clear();
  if (context.privileged || Holds(context.capabilities_add, "ALL"))
    held.insert(kAll.begin(), kAll.end());
  for (const std::string& name : context.capabilities_add) {
    if (Bare(name) != "ALL") held.insert(Bare(name));
  }
  if (!context.privileged) {
    for (const std::string& name : context.capabilities_drop) held.erase(Bare(name));
  }
  std::vector<std::string> names;
  for (const std::string_view name : kAll) {
    if (held.contains(name)) names.push_back(StrCat("CAP_", name));
  }
  // Nothing is inheritable: a file capability of the image must not add to what was granted
  // (CVE-2022-24769).
  return spec::Capabilities{.bounding = names, .effective = names, .permitted = names};
}

std::string AppArmorProfileOf(const pod_spec::PodSpec& pod,
                              const pod_spec::SecurityContext& context) {
  const auto& asked = context.app_armor_profile ? context.app_armor_profile
                                                : pod.security_context.app_armor_profile;
  return asked && asked->type == "Localhost" && !context.privileged ? asked->localhost_profile : "";
}

Result<std::optional<spec::Seccomp>> MakeSeccomp(const pod_spec::PodSpec& pod,
                                                 const pod_spec::SecurityContext& context,
                                                 const std::string& localhost) {
  const auto& asked =
      context.seccomp_profile ? context.seccomp_profile : pod.security_context.seccomp_profile;
  if (context.privileged || !asked || asked->type == "Unconfined")
    return std::optional<spec::Seccomp>();
  if (asked->type == "RuntimeDefault") {
    CAISSON_ASSIGN(const spec::Capabilities capabilities, MakeCapabilities(context));
    return std::optional(RuntimeDefaultSeccomp(capabilities));
  }
  if (asked->type != "Localhost")
    return Error(Code::kInvalidSpec,
                 StrCat("securityContext.seccompProfile.type: unknown \"", asked->type, "\""));
  const auto parsed =
      spec::ParseConfig(StrCat(R"({"ociVersion":"1.0.0","linux":{"seccomp":)", localhost, "}}"));
  if (!parsed || !parsed->linux.seccomp)
    return Error(Code::kInvalidSpec,
                 StrCat("seccomp profile \"", asked->localhost_profile,
                        "\": ", parsed ? std::string("it is empty") : parsed.error().message()));
  return parsed->linux.seccomp;
}

}  // namespace caisson::bundle
