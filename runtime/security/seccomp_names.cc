// SPDX-License-Identifier: Apache-2.0
#include "runtime/security/seccomp_names.h"

#include <linux/seccomp.h>
#include <seccomp.h>

#include "runtime/security/seccomp.h"

// Architectures that this libseccomp may be too old for; see kNoSuchArchitecture.
#ifndef SCMP_ARCH_LOONGARCH64
#define SCMP_ARCH_LOONGARCH64 0
#endif
#ifndef SCMP_ARCH_M68K
#define SCMP_ARCH_M68K 0
#endif
#ifndef SCMP_ARCH_SH
#define SCMP_ARCH_SH 0
#endif
#ifndef SCMP_ARCH_SHEB
#define SCMP_ARCH_SHEB 0
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace caisson::security {
namespace {

struct Word {
  std::string_view name;
  std::uint32_t number;
};

constexpr Word kActions[] = {
    {"SCMP_ACT_ALLOW", SCMP_ACT_ALLOW},
    {"SCMP_ACT_ERRNO", SCMP_ACT_ERRNO(0)},
    {"SCMP_ACT_KILL", SCMP_ACT_KILL},
    {"SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS},
    {"SCMP_ACT_KILL_THREAD", SCMP_ACT_KILL_THREAD},
    {"SCMP_ACT_LOG", SCMP_ACT_LOG},
    {"SCMP_ACT_NOTIFY", SCMP_ACT_NOTIFY},
    {"SCMP_ACT_TRACE", SCMP_ACT_TRACE(0)},
    {"SCMP_ACT_TRAP", SCMP_ACT_TRAP},
};

constexpr Word kOperators[] = {
    {"SCMP_CMP_EQ", SCMP_CMP_EQ}, {"SCMP_CMP_GE", SCMP_CMP_GE},
    {"SCMP_CMP_GT", SCMP_CMP_GT}, {"SCMP_CMP_LE", SCMP_CMP_LE},
    {"SCMP_CMP_LT", SCMP_CMP_LT}, {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ},
    {"SCMP_CMP_NE", SCMP_CMP_NE},
};

constexpr Word kArchitectures[] = {
    {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
    {"SCMP_ARCH_ARM", SCMP_ARCH_ARM},
    {"SCMP_ARCH_LOONGARCH64", SCMP_ARCH_LOONGARCH64},
    {"SCMP_ARCH_M68K", SCMP_ARCH_M68K},
    {"SCMP_ARCH_MIPS", SCMP_ARCH_MIPS},
    {"SCMP_ARCH_MIPS64", SCMP_ARCH_MIPS64},
    {"SCMP_ARCH_MIPS64N32", SCMP_ARCH_MIPS64N32},
    {"SCMP_ARCH_MIPSEL", SCMP_ARCH_MIPSEL},
    {"SCMP_ARCH_MIPSEL64", SCMP_ARCH_MIPSEL64},
    {"SCMP_ARCH_MIPSEL64N32", SCMP_ARCH_MIPSEL64N32},
    {"SCMP_ARCH_PARISC", SCMP_ARCH_PARISC},
    {"SCMP_ARCH_PARISC64", SCMP_ARCH_PARISC64},
    {"SCMP_ARCH_PPC", SCMP_ARCH_PPC},
    {"SCMP_ARCH_PPC64", SCMP_ARCH_PPC64},
    {"SCMP_ARCH_PPC64LE", SCMP_ARCH_PPC64LE},
    {"SCMP_ARCH_RISCV64", SCMP_ARCH_RISCV64},
    {"SCMP_ARCH_S390", SCMP_ARCH_S390},
    {"SCMP_ARCH_S390X", SCMP_ARCH_S390X},
    {"SCMP_ARCH_SH", SCMP_ARCH_SH},
    {"SCMP_ARCH_SHEB", SCMP_ARCH_SHEB},
    {"SCMP_ARCH_X32", SCMP_ARCH_X32},
    {"SCMP_ARCH_X86", SCMP_ARCH_X86},
    {"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
};

// TSYNC has no number: the one thread that loads the filter is the only one, so it is always true.
constexpr Word kFlags[] = {
    {"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
    {"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
    {"SECCOMP_FILTER_FLAG_TSYNC", 0},
    {"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV},
};

// Source: scripts/syscall.tbl of Linux 6.18.
constexpr Word kNewSyscalls[] = {
    {"cachestat", 451},         {"fchmodat2", 452},        {"map_shadow_stack", 453},
    {"futex_wake", 454},        {"futex_wait", 455},       {"futex_requeue", 456},
    {"statmount", 457},         {"listmount", 458},        {"lsm_get_self_attr", 459},
    {"lsm_set_self_attr", 460}, {"lsm_list_modules", 461}, {"mseal", 462},
    {"setxattrat", 463},        {"getxattrat", 464},       {"listxattrat", 465},
    {"removexattrat", 466},     {"open_tree_attr", 467},   {"file_getattr", 468},
    {"file_setattr", 469},
};

template <std::size_t N>
std::optional<std::uint32_t> Find(const Word (&words)[N], std::string_view name) {
  for (const Word& word : words) {
    if (word.name == name) return word.number;
  }
  return std::nullopt;
}

template <std::size_t N>
std::vector<std::string_view> Names(const Word (&words)[N]) {
  std::vector<std::string_view> names;
  for (const Word& word : words) names.push_back(word.name);
  return names;
}

}  // namespace

bool ActionTakesData(std::string_view name) {
  return name == "SCMP_ACT_ERRNO" || name == "SCMP_ACT_TRACE";
}

std::optional<std::uint32_t> ActionNumber(std::string_view name, std::uint16_t data) {
  const auto number = Find(kActions, name);
  if (!number || !ActionTakesData(name)) return number;
  return *number | data;
}

std::optional<std::uint32_t> OperatorNumber(std::string_view name) {
  return Find(kOperators, name);
}
std::optional<std::uint32_t> ArchitectureToken(std::string_view name) {
  return Find(kArchitectures, name);
}
std::optional<std::uint32_t> FlagNumber(std::string_view name) { return Find(kFlags, name); }

std::optional<std::uint32_t> NewSyscallNumber(std::string_view name, std::uint32_t arch_token) {
  const auto number = Find(kNewSyscalls, name);
  if (!number) return std::nullopt;
  switch (arch_token) {
    case SCMP_ARCH_X32: return *number | 0x40000000u;
    case SCMP_ARCH_MIPS:
    case SCMP_ARCH_MIPSEL: return *number + 4000;
    case SCMP_ARCH_MIPS64:
    case SCMP_ARCH_MIPSEL64: return *number + 5000;
    case SCMP_ARCH_MIPS64N32:
    case SCMP_ARCH_MIPSEL64N32: return *number + 6000;
    default: return number;
  }
}

std::vector<std::string_view> SeccompActions() { return Names(kActions); }
std::vector<std::string_view> SeccompOperators() { return Names(kOperators); }
std::vector<std::string_view> SeccompArchitectures() { return Names(kArchitectures); }
std::vector<std::string_view> SeccompFlags() { return Names(kFlags); }

std::string LibseccompVersion() {
  const scmp_version* const library = ::seccomp_version();
  return StrCat(library->major, ".", library->minor, ".", library->micro);
}

}  // namespace caisson::security
