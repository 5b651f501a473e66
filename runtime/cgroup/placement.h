// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/record.h"
#include "runtime/spec/id_mapping.h"

namespace caisson::cgroup {

// What a container's configuration says about the place of its cgroup.
struct Request {
  std::string container_id;
  std::string cgroups_path;  // linux.cgroupsPath, may be empty
  Driver driver = Driver::kCgroupfs;
  bool rootless = false;  // no privileges on the host: go without a cgroup if none can be made
  const spec::StringMap* annotations = nullptr;  // properties of the systemd unit among them
  std::string manager_cgroup = {};               // of the systemd that makes the unit; empty: PID 1
};

// Pure: where the container's directories are going to be. Touches nothing.
// cgroupsPath: "/a/b" counts from the mount points; "a/b" from the caller's own cgroup (on v2 from
// its parent, because a cgroup with processes cannot have children with controllers); empty is
// "/<id>". With systemd: "slice:prefix:name", empty is "system.slice:caisson:<id>".
// Errors: kInvalidSpec naming linux.cgroupsPath for "..", control characters, the root itself.
// Source: runtime-spec config-linux.md, "Cgroups Path".
Result<Record> Place(const Layout& layout, const Request& request);

// Pure: "a-b.slice" is "/a.slice/a-b.slice"; "-.slice" is "". Source: systemd.slice(5).
Result<std::string> ExpandSlice(std::string_view slice);

}  // namespace caisson::cgroup
