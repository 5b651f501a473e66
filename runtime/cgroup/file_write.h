// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/spec/resources.h"

namespace caisson::cgroup {

// One write to one file of the container's cgroup. Plain data, so the translation needs no root.
struct FileWrite {
  std::string file;        // "memory.max"; what stands before the first '.' is the controller
  std::string value;       // the exact bytes
  std::string field;       // the spec field it came from: "linux.resources.memory.limit"
  bool optional = false;   // the kernel may lack the file, then the spec lets it be left out
  friend bool operator==(const FileWrite&, const FileWrite&) = default;
};

// The writes in the order in which the kernel takes them, and sentences about what has no
// counterpart on this cgroup version.
struct Translation {
  std::vector<FileWrite> writes;
  std::vector<std::string> warnings;
};

// Pure. Everything but devices. Errors: kInvalidSpec, kUnsupported naming the field.
// Source: runtime-spec config-linux.md; kernel cgroup-v1/*.rst, cgroup-v2.rst.
Result<Translation> TranslateV1(const spec::Resources& resources);
Result<Translation> TranslateV2(const spec::Resources& resources);

// Pure. cpu.shares (2..262144, default 1024) to cpu.weight (1..10000, default 100): the curve
// through minimum, default and maximum that runc and crun use now. 0 stays 0: "leave as it is".
std::uint64_t WeightFromShares(std::uint64_t shares);
// The other way, for display: the nearest shares.
std::uint64_t SharesFromWeight(std::uint64_t weight);

}  // namespace caisson::cgroup
