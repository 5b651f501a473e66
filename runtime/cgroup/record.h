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
  std::string path;                // of the host: "/sys/fs/cgroup/memory/pods/web"
  std::uint32_t depth = 1;         // components of it below the mount point: 2
  std::uint32_t parents_made = 0;  // how many of them, above the last, Create made
  friend bool operator==(const Directory&, const Directory&) = default;

  bool Has(std::string_view controller) const;
  std::string MountPoint() const;
};

// What was made for a container, to be kept with its state: from it a Manager is opened again, so
// that delete needs neither the configuration nor the layout of the host. Plain data.
struct Record {
  Driver driver = Driver::kCgroupfs;
  std::string path;                    // as asked for, below the mount points: "/pods/web"
  std::vector<Directory> directories;  // v2 last; empty: the container has no cgroup of its own
  std::string systemd_unit;            // "caisson-web.scope"; kSystemd only
  std::string systemd_slice;           // "machine.slice"; kSystemd only
  bool rootless = false;

  const Directory* V2() const;
  const Directory* FindV1(std::string_view controller) const;
  // The directory whose list of processes stands for all of them: v2 where there is one.
  const Directory* Main() const;
  friend bool operator==(const Record&, const Record&) = default;
};

// One string without line ends, readable by people; ParseRecord(Encode(r)) == r.
// Errors of ParseRecord: kInvalidSpec naming what is wrong; directories must be absolute and free
// of "..", so that a damaged record cannot lead Remove astray.
std::string Encode(const Record& record);
Result<Record> ParseRecord(std::string_view text);

// Whether one of the comma-separated `list` is `name`.
bool ListHas(std::string_view list, std::string_view name);

}  // namespace caisson::cgroup
