// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/cgroup/layout.h"

namespace caisson::cgroup {

enum class Driver { kCgroupfs, kSystemd };

// A container's directory in one hierarchy.
struct Directory {
  Version version = Version::kV1;
  std::string controllers;         // as Hierarchy::controllers
  std::string path;                // of the host: "/sys/fs/cgroup/memory/web"
  std::uint32_t parents_made = 0;  // directories above it that did not exist before
  friend bool operator==(const Directory&, const Directory&) = default;
};

// What was made for a container, to be kept with its state: from it a Manager is opened again, so
// that delete needs neither the configuration nor the layout of the host. Plain data.
struct Record {
  Driver driver = Driver::kCgroupfs;
  std::string path;                    // below the mount points: "/web"
  std::vector<Directory> directories;  // v2 last; empty: the container has no cgroup of its own
  std::string systemd_unit;            // "caisson-web.scope"; kSystemd only
  bool rootless = false;

  const Directory* V2() const;
  const Directory* FindV1(std::string_view controller) const;
  friend bool operator==(const Record&, const Record&) = default;
};

// One string without line ends, readable by people; ParseRecord(Encode(r)) == r.
// Errors of ParseRecord: kInvalidSpec naming what is wrong; a path that could lead outside of
// absolute, "..-free" directories is refused.
std::string Encode(const Record& record);
Result<Record> ParseRecord(std::string_view text);

}  // namespace caisson::cgroup
