// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace caisson::security {

// The configuration's words as libseccomp's numbers. Inside the room only.

// SCMP_ACT_ALLOW and so on; actions that carry a number get `data`.
std::optional<std::uint32_t> ActionNumber(std::string_view name, std::uint16_t data);
// Whether the action carries a number (errnoRet).
bool ActionTakesData(std::string_view name);

// An architecture of the specification that is newer than this libseccomp. Such a machine's calls
// cannot be made on one that the library knows, so nothing is to be filtered.
inline constexpr std::uint32_t kNoSuchArchitecture = 0;

std::optional<std::uint32_t> OperatorNumber(std::string_view name);     // enum scmp_compare
std::optional<std::uint32_t> ArchitectureToken(std::string_view name);  // SCMP_ARCH_*
std::optional<std::uint32_t> FlagNumber(std::string_view name);         // SECCOMP_FILTER_FLAG_*

// System calls that are newer than the oldest supported libseccomp. Since Linux 5.1 a new one has
// the same number on every architecture, plus the offset of an ABI that has one.
std::optional<std::uint32_t> NewSyscallNumber(std::string_view name, std::uint32_t arch_token);

}  // namespace caisson::security
