// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/spec/config.h"

// The parts of Validate, one per object of config.json, and what they share.
namespace caisson::spec {

using Warnings = std::vector<std::string>;

// "linux.sysctl: ..." from the parts of a path and a sentence.
template <class... Parts>
Error Invalid(const Parts&... parts) {
  return Error(Code::kInvalidSpec, StrCat(parts...));
}

// An error when `value` is none of `known`: "process.scheduler.policy: "X" is not one of ...".
Status CheckOneOf(std::string_view field, std::string_view value,
                  std::span<const std::string_view> known);

// Ranges of ids must not be empty, leave 32 bits or overlap.
Status CheckMappings(std::string_view field, const std::vector<IdMapping>& mappings);

Status ValidateMounts(const Config& config, Warnings& warnings);
Status ValidateHooks(const Hooks& hooks);
Status ValidateNamespaces(const Config& config, Warnings& warnings);
Status ValidateSysctls(const Config& config);
Status ValidateLinux(const Linux& linux, Warnings& warnings);

}  // namespace caisson::spec
