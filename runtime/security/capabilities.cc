// SPDX-License-Identifier: Apache-2.0
#include "runtime/security/capabilities.h"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace caisson::security {
namespace {

// In the kernel's order. Source: include/uapi/linux/capability.h.
constexpr std::array<std::string_view, kLastNamedCapability + 1> kNames = {
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SETPCAP",
    "CAP_LINUX_IMMUTABLE",
    "CAP_NET_BIND_SERVICE",
    "CAP_NET_BROADCAST",
    "CAP_NET_ADMIN",
    "CAP_NET_RAW",
    "CAP_IPC_LOCK",
    "CAP_IPC_OWNER",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_CHROOT",
    "CAP_SYS_PTRACE",
    "CAP_SYS_PACCT",
    "CAP_SYS_ADMIN",
    "CAP_SYS_BOOT",
    "CAP_SYS_NICE",
    "CAP_SYS_RESOURCE",
    "CAP_SYS_TIME",
    "CAP_SYS_TTY_CONFIG",
    "CAP_MKNOD",
    "CAP_LEASE",
    "CAP_AUDIT_WRITE",
    "CAP_AUDIT_CONTROL",
    "CAP_SETFCAP",
    "CAP_MAC_OVERRIDE",
    "CAP_MAC_ADMIN",
    "CAP_SYSLOG",
    "CAP_WAKE_ALARM",
    "CAP_BLOCK_SUSPEND",
    "CAP_AUDIT_READ",
    "CAP_PERFMON",
    "CAP_BPF",
    "CAP_CHECKPOINT_RESTORE",
};

char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::string Uppercase(std::string_view text) {
  std::string upper(text);
  for (char& c : upper) c = Upper(c);
  return upper;
}

void NoteUnknown(std::vector<std::string>& unknown, const std::string& name) {
  for (const std::string& known : unknown) {
    if (known == name) return;
  }
  unknown.push_back(name);
}

std::uint64_t SetOf(const std::vector<std::string>& names, std::vector<std::string>& unknown) {
  std::uint64_t set = 0;
  for (const std::string& name : names) {
    const std::optional<int> number = CapabilityNumber(name);
    if (number)
      set |= std::uint64_t{1} << *number;
    else
      NoteUnknown(unknown, name);
  }
  return set;
}

// All, when the kernel does not say.
std::uint64_t OwnPermitted() {
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  __user_cap_data_struct data[2]{};
  if (::syscall(SYS_capget, &header, data) != 0) return ~std::uint64_t{0};
  return data[0].permitted | std::uint64_t{data[1].permitted} << 32;
}

std::string NamesIn(std::uint64_t set) {
  std::string names;
  for (int number = 0; number <= kLastNamedCapability; ++number) {
    if ((set >> number & 1) == 0) continue;
    if (!names.empty()) names += ", ";
    names += CapabilityName(number);
  }
  return names;
}

}  // namespace

std::optional<int> CapabilityNumber(std::string_view name) {
  const std::string upper = Uppercase(name);
  constexpr std::string_view kPrefix = "CAP_";
  const std::string full = upper.starts_with(kPrefix) ? upper : StrCat(kPrefix, upper);
  for (std::size_t number = 0; number < kNames.size(); ++number) {
    if (kNames[number] == full) return static_cast<int>(number);
  }
  return std::nullopt;
}

std::string_view CapabilityName(int number) {
  if (number < 0 || number > kLastNamedCapability) return {};
  return kNames[static_cast<std::size_t>(number)];
}

std::vector<std::string_view> CapabilityNames() { return {kNames.begin(), kNames.end()}; }

CapabilityPlan PlanCapabilities(const std::optional<spec::Capabilities>& capabilities) {
  CapabilityPlan plan;
  if (!capabilities) return plan;
  plan.sets.bounding = SetOf(capabilities->bounding, plan.unknown);
  plan.sets.effective = SetOf(capabilities->effective, plan.unknown);
  plan.sets.inheritable = SetOf(capabilities->inheritable, plan.unknown);
  plan.sets.permitted = SetOf(capabilities->permitted, plan.unknown);
  // The kernel keeps ambient within permitted and inheritable. Engines list more there, so the rest
  // is left out, as runc does.
  const std::uint64_t asked = SetOf(capabilities->ambient, plan.unknown);
  plan.sets.ambient = asked & plan.sets.permitted & plan.sets.inheritable;
  plan.unraisable = NamesIn(asked & ~plan.sets.ambient);
  return plan;
}

Error ExplainBounding(const StepFailure& failure) {
  const std::string_view name = CapabilityName(static_cast<int>(failure.item));
  Error error = SysError("prctl(PR_CAPBSET_DROP)",
                         name.empty() ? std::string_view("a capability without a name") : name,
                         failure.sys_errno)
                    .Wrap("process.capabilities.bounding");
  if (failure.sys_errno != EPERM) return error;
  return std::move(error).Hint(
      "run as root, or in a new user namespace: dropping takes CAP_SETPCAP");
}

Error ExplainCapabilities(const CapabilitySets& sets, const StepFailure& failure) {
  if (failure.item != kSetsItem) {
    return SysError("prctl(PR_CAP_AMBIENT_RAISE)", CapabilityName(static_cast<int>(failure.item)),
                    failure.sys_errno)
        .Wrap("process.capabilities.ambient")
        .Hint("list it in process.capabilities.permitted and inheritable too");
  }
  const std::uint64_t all = sets.permitted | sets.effective | sets.inheritable;
  // Of a long list, what this process lacks itself is what the kernel refused; unless it lacks
  // none, as towards another user namespace.
  const std::uint64_t missing = all & ~OwnPermitted();
  const bool is_refused = failure.sys_errno == EPERM && missing != 0;
  const std::string asked = NamesIn(is_refused ? missing : all);
  const std::uint64_t beyond = sets.effective & ~sets.permitted;
  Error error = SysError("capset", asked.empty() ? "no capabilities" : asked, failure.sys_errno)
                    .Wrap("process.capabilities");
  if (failure.sys_errno != EPERM) return error;
  if (beyond != 0) {
    return std::move(error).Hint(
        StrCat("list ", NamesIn(beyond), " in process.capabilities.permitted too"));
  }
  return std::move(error).Hint(
      "ask only for capabilities that the runtime itself has (CapPrm in /proc/self/status)");
}

}  // namespace caisson::security
