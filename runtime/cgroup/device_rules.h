// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/spec/resources.h"

namespace caisson::cgroup {

// A rule about device nodes with everything spelled out.
struct DeviceRule {
  static constexpr std::uint8_t kMknod = 1, kRead = 2, kWrite = 4, kAll = 7;

  bool allow = false;
  char type = 'a';                     // 'a' is all of both types, then numbers and access are any
  std::optional<std::uint32_t> major;  // absent: any
  std::optional<std::uint32_t> minor;
  std::uint8_t access = kAll;
  std::string field;  // where it was asked for; empty: one of ours
  friend bool operator==(const DeviceRule&, const DeviceRule&) = default;
};

// Pure: the rules of a container, later ones win: everything is forbidden, then the configuration's
// in its order, then what every container needs (making any node; using null, zero, full, random,
// urandom, tty, ptmx and pseudo terminals), as runc has it.
// Errors: kInvalidSpec naming linux.resources.devices[i].
Result<std::vector<DeviceRule>> EffectiveRules(const std::vector<spec::DeviceRule>& rules);

// Pure: whether nothing is forbidden in the end, as in a privileged container.
bool AllowAll(const std::vector<DeviceRule>& rules);

// Pure: the line for devices.allow or devices.deny: "c 1:3 rwm", "a". Source:
// kernel cgroup-v1/devices.rst.
std::string V1Line(const DeviceRule& rule);

}  // namespace caisson::cgroup
