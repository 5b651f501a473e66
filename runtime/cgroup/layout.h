// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::cgroup {

inline constexpr char kDefaultRoot[] = "/sys/fs/cgroup";

enum class Version { kV1, kV2 };

// One mounted tree of cgroups.
struct Hierarchy {
  Version version = Version::kV1;
  std::string controllers;  // v1: "cpu,cpuacct" or "name=systemd"; v2: empty
  std::string mount;        // "/sys/fs/cgroup/cpu,cpuacct"
  std::string own_path;     // v1, hybrid: where the reader of the layout is, below `mount`

  // v1: whether `name` is one of `controllers`.
  bool Has(std::string_view name) const;
};

enum class Mode {
  kUnified,  // v2 alone
  kLegacy,   // v1 alone
  kHybrid,   // v1, and v2 beside it with what controllers v1 left
};

// How this host mounts its cgroups; found once per program. Plain data.
struct Layout {
  Mode mode = Mode::kUnified;
  std::string root = kDefaultRoot;
  std::vector<Hierarchy> hierarchies;  // v2 last

  const Hierarchy* V2() const;
  const Hierarchy* FindV1(std::string_view controller) const;

  // Looks at the file system of `root` and, unless that is v2, at /proc/self/cgroup, with mount
  // points where distributions put them (`root`/cpu,cpuacct or `root`/cpu, `root`/unified). It does
  // not read the mount table, whose length is the host's number of mounts.
  // A `root` other than the default may be a folder of plain files: v2 when it holds
  // cgroup.controllers, and "proc_self_cgroup" in it stands for /proc/self/cgroup if there.
  // Errors: kNotFound when there are no cgroups.
  // Source: statfs(2), CGROUP2_SUPER_MAGIC; cgroups(7), /proc/[pid]/cgroup.
  static Result<Layout> Detect(const std::string& root = kDefaultRoot);
};

// Pure: the layout that the text of a /proc/PID/cgroup means when mounts are where they usually
// are. Errors: kInvalidSpec on malformed text.
Result<Layout> LayoutFromProcCgroup(const std::string& root, std::string_view proc_cgroup);

// Pure: where the text of a /proc/PID/mountinfo says each hierarchy is mounted: v1 by controllers,
// v2 last. Only the first mount of each counts, and `mount_root` is what part of it is mounted.
struct CgroupMount {
  Version version = Version::kV1;
  std::string controllers;
  std::string mount;
  std::string mount_root;
};
std::vector<CgroupMount> ParseMountInfo(std::string_view mountinfo);

// The layout with each mount point as /proc/self/mountinfo has it, and own paths counted from what
// is mounted. For hosts where Detect guessed wrong.
Layout WithMounts(Layout layout, const std::vector<CgroupMount>& mounts);
Result<Layout> DetectByMountTable(const std::string& root = kDefaultRoot);

// Pure: the path of the v2 line ("0::/path") of a /proc/PID/cgroup, "/" when there is none.
std::string V2PathOf(std::string_view proc_cgroup);

// "unified", "legacy", "hybrid".
std::string_view NameOf(Mode mode);

}  // namespace caisson::cgroup
