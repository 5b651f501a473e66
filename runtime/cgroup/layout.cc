// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/layout.h"

#include <linux/magic.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "runtime/cgroup/control_file.h"
#include "runtime/cgroup/record.h"

namespace caisson::cgroup {
namespace {

constexpr std::string_view kNamed = "name=";

// Where distributions mount the hierarchy of `controllers`: the list itself, or the name of a
// hierarchy without controllers.
std::string UsualMount(const std::string& root, std::string_view controllers) {
  if (controllers.substr(0, kNamed.size()) == kNamed) controllers.remove_prefix(kNamed.size());
  return StrCat(root, "/", controllers);
}

Layout Unified(const std::string& root) {
  return Layout{.mode = Mode::kUnified,
                .root = root,
                .hierarchies = {{.version = Version::kV2, .mount = root}}};
}

// The next field of a mountinfo line, with its octal escapes (\040 is a space) undone.
std::string Unescape(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto octal = [&](std::size_t k) { return text[k] >= '0' && text[k] <= '7'; };
    if (text[i] == '\\' && i + 3 < text.size() && text[i + 1] <= '3' && octal(i + 1) &&
        octal(i + 2) && octal(i + 3)) {
      out.push_back(static_cast<char>((text[i + 1] - '0') << 6 | (text[i + 2] - '0') << 3 |
                                      (text[i + 3] - '0')));
      i += 3;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

// The controllers among a v1 mount's super block options, in the kernel's order: "cpu,cpuacct".
std::string ControllersOf(std::string_view options) {
  static constexpr std::string_view kNotControllers[] = {
      "rw", "ro", "xattr", "noprefix", "clone_children", "cpuset_v2_mode", "favordynmods"};
  std::string out;
  for (const auto option : Split(options, ',')) {
    if (std::find(std::begin(kNotControllers), std::end(kNotControllers), option) !=
            std::end(kNotControllers) ||
        option.substr(0, 14) == "release_agent=")
      continue;
    if (!out.empty()) out.push_back(',');
    out.append(option);
  }
  return out;
}

// 31 23 0:28 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu
std::optional<CgroupMount> ParseMountLine(std::string_view line) {
  const auto fields = Split(line, ' ');
  std::size_t dash = 6;
  while (dash < fields.size() && fields[dash] != "-") ++dash;
  if (dash + 3 >= fields.size()) return std::nullopt;
  const auto type = fields[dash + 1];
  if (type != "cgroup" && type != "cgroup2") return std::nullopt;
  CgroupMount mount;
  mount.version = type == "cgroup2" ? Version::kV2 : Version::kV1;
  mount.mount_root = Unescape(fields[3]);
  mount.mount = Unescape(fields[4]);
  if (mount.version == Version::kV1) mount.controllers = ControllersOf(fields[dash + 3]);
  return mount;
}

// The same controllers, in whatever order.
bool SameHierarchy(const CgroupMount& mount, const Hierarchy& hierarchy) {
  if (mount.version != hierarchy.version) return false;
  if (mount.version == Version::kV2) return true;
  const auto parts = Split(hierarchy.controllers, ',');
  return std::all_of(parts.begin(), parts.end(),
                     [&](auto part) { return ListHas(mount.controllers, part); });
}

// `path` counted from `root`: "/docker/x/a" below "/docker/x" is "/a".
std::string Below(const std::string& path, const std::string& root) {
  if (root == "/" || path.compare(0, root.size(), root) != 0) return path;
  if (path.size() == root.size()) return "/";
  return path[root.size()] == '/' ? path.substr(root.size()) : path;
}

std::string ProcFile(const std::string& root, const char* name) {
  if (root != kDefaultRoot) {
    std::string stand_in = StrCat(root, "/proc_self_", name);
    if (::access(stand_in.c_str(), R_OK) == 0) return stand_in;
  }
  return StrCat("/proc/self/", name);
}

}  // namespace

bool Hierarchy::Has(std::string_view name) const {
  return version == Version::kV1 && ListHas(controllers, name);
}

const Hierarchy* Layout::V2() const {
  for (const Hierarchy& hierarchy : hierarchies) {
    if (hierarchy.version == Version::kV2) return &hierarchy;
  }
  return nullptr;
}

const Hierarchy* Layout::FindV1(std::string_view controller) const {
  for (const Hierarchy& hierarchy : hierarchies) {
    if (hierarchy.Has(controller)) return &hierarchy;
  }
  return nullptr;
}

Result<Layout> LayoutFromProcCgroup(const std::string& root, std::string_view proc_cgroup) {
  Layout layout{.mode = Mode::kLegacy, .root = root};
  std::optional<Hierarchy> v2;
  for (const auto line : Split(proc_cgroup, '\n')) {
    if (line.empty()) continue;
    const auto first = line.find(':');
    const auto second = first == line.npos ? line.npos : line.find(':', first + 1);
    if (second == line.npos || line.substr(second + 1, 1) != "/")
      return Error(Code::kInvalidSpec, StrCat("/proc/self/cgroup: malformed line \"", line, "\""));
    const auto controllers = line.substr(first + 1, second - first - 1);
    const std::string own_path(line.substr(second + 1));
    if (controllers.empty()) {
      v2 = Hierarchy{
          .version = Version::kV2, .mount = StrCat(root, "/unified"), .own_path = own_path};
    } else {
      layout.hierarchies.push_back({.version = Version::kV1,
                                    .controllers = std::string(controllers),
                                    .mount = UsualMount(root, controllers),
                                    .own_path = own_path});
    }
  }
  if (layout.hierarchies.empty())
    return Error(Code::kNotFound, StrCat("no cgroup hierarchy is mounted on \"", root, "\""))
        .Hint("mount cgroup2 there");
  if (v2) {
    layout.mode = Mode::kHybrid;
    layout.hierarchies.push_back(std::move(*v2));
  }
  return layout;
}

Result<Layout> Layout::Detect(const std::string& root) {
  struct statfs info {};
  if (::statfs(root.c_str(), &info) < 0)
    return SysError("statfs", root).Hint("mount cgroups on /sys/fs/cgroup");
  if (info.f_type == CGROUP2_SUPER_MAGIC ||
      (root != kDefaultRoot && ::access(StrCat(root, "/cgroup.controllers").c_str(), F_OK) == 0))
    return Unified(root);
  CAISSON_ASSIGN(const std::string text, ReadControl(ProcFile(root, "cgroup")));
  CAISSON_ASSIGN(Layout layout, LayoutFromProcCgroup(root, text));
  // The kernel lists the v2 hierarchy once anybody has mounted it; here it may be out of sight.
  const Hierarchy* const v2 = layout.V2();
  if (v2 != nullptr && root == kDefaultRoot &&
      (::statfs(v2->mount.c_str(), &info) < 0 || info.f_type != CGROUP2_SUPER_MAGIC)) {
    layout.hierarchies.pop_back();
    layout.mode = Mode::kLegacy;
  }
  return layout;
}

std::vector<CgroupMount> ParseMountInfo(std::string_view mountinfo) {
  std::vector<CgroupMount> mounts;
  std::optional<CgroupMount> v2;
  for (const auto line : Split(mountinfo, '\n')) {
    auto mount = ParseMountLine(line);
    if (!mount) continue;
    if (mount->version == Version::kV2) {
      if (!v2) v2 = std::move(mount);
      continue;
    }
    const bool seen = std::any_of(mounts.begin(), mounts.end(), [&](const CgroupMount& other) {
      return other.controllers == mount->controllers;
    });
    if (!seen) mounts.push_back(std::move(*mount));
  }
  if (v2) mounts.push_back(std::move(*v2));
  return mounts;
}

Layout WithMounts(Layout layout, const std::vector<CgroupMount>& mounts) {
  std::vector<Hierarchy> mounted;
  for (Hierarchy& hierarchy : layout.hierarchies) {
    for (const CgroupMount& mount : mounts) {
      if (!SameHierarchy(mount, hierarchy)) continue;
      hierarchy.mount = mount.mount;
      hierarchy.own_path = Below(hierarchy.own_path, mount.mount_root);
      mounted.push_back(std::move(hierarchy));
      break;
    }
  }
  layout.hierarchies = std::move(mounted);
  return layout;
}

Result<Layout> DetectByMountTable(const std::string& root) {
  CAISSON_ASSIGN(Layout layout, Layout::Detect(root));
  CAISSON_ASSIGN(const std::string own, ReadControl(ProcFile(root, "cgroup")));
  if (layout.mode == Mode::kUnified) layout.hierarchies.front().own_path = V2PathOf(own);
  CAISSON_ASSIGN(const std::string mountinfo, ReadControl(ProcFile(root, "mountinfo")));
  return WithMounts(std::move(layout), ParseMountInfo(mountinfo));
}

std::string V2PathOf(std::string_view proc_cgroup) {
  for (const auto line : Split(proc_cgroup, '\n')) {
    if (line.substr(0, 4) == "0::/") return std::string(line.substr(3));
  }
  return "/";
}

std::string_view NameOf(Mode mode) {
  switch (mode) {
    case Mode::kUnified: return "unified";
    case Mode::kLegacy: return "legacy";
    case Mode::kHybrid: return "hybrid";
  }
  return "?";
}

}  // namespace caisson::cgroup
