// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/spec/resources.h"

namespace caisson::cgroup {

// One write to one file of the container's cgroup. Plain data, so the translation needs no root.
struct FileWrite {
  std::string file;   // "memory.max"; what stands before the first '.' is the controller
  std::string value;  // the exact bytes
  std::string field;  // the spec field it came from: "linux.resources.memory.limit"
  // What to write when the kernel lacks `file`: another file (whose absence is then an error), or
  // nothing when `optional`, because the value asks for no more than the kernel does without it.
  std::string other_file = {};
  std::string other_value = {};
  bool optional = false;
  friend bool operator==(const FileWrite&, const FileWrite&) = default;
};

// The writes in the order in which the kernel takes them on a new cgroup, and sentences about what
// was asked for but has no counterpart.
struct Translation {
  std::vector<FileWrite> writes;
  std::vector<std::string> warnings;
};

// Pure. Everything but devices. As other runtimes do, 0 means "leave as it is" for limits that
// cannot be 0 (memory, shares, quota, period), because engines send it for what nobody asked for.
// Errors: kInvalidSpec, kUnsupported naming the field.
// Source: runtime-spec config-linux.md; kernel cgroup-v1/*.rst, cgroup-v2.rst.
Result<Translation> TranslateV1(const spec::Resources& resources);
Result<Translation> TranslateV2(const spec::Resources& resources);

// Pure. "memory" of "memory.max".
std::string_view ControllerOf(const FileWrite& write);

// Pure. cpu.shares (2..262144, default 1024) to cpu.weight (1..10000, default 100), by the curve
// through minimum, default and maximum that runc 1.3.2 and crun 1.23 introduced.
std::uint64_t WeightFromShares(std::uint64_t shares);
// The other way, for display: the default for the default, else the fewest shares that give that
// weight.
std::uint64_t SharesFromWeight(std::uint64_t weight);

}  // namespace caisson::cgroup
