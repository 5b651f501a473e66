// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/placement.h"

#include <algorithm>

namespace caisson::cgroup {
namespace {

constexpr char kField[] = "linux.cgroupsPath";
constexpr std::string_view kSliceSuffix = ".slice";

bool EndsWith(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

Error Bad(std::string_view path, std::string_view why) {
  return Error(Code::kInvalidSpec, StrCat(kField, " \"", path, "\": ", why));
}

// "/a//b/" is "/a/b". Names as the kernel allows them for cgroups, and no way up.
Result<std::string> Checked(std::string_view path) {
  constexpr std::size_t kMaxName = 255;
  std::string clean;
  for (const auto part : Split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..") return Bad(path, "\"..\" is not allowed");
    if (part.size() > kMaxName) return Bad(path, "a name in it is longer than 255 bytes");
    const bool printable = std::all_of(part.begin(), part.end(),
                                       [](char c) { return static_cast<unsigned char>(c) >= ' '; });
    if (!printable) return Bad(path, "control characters are not allowed");
    clean.append("/").append(part);
  }
  if (clean.empty()) return Bad(path, "must name a cgroup below the root");
  return clean;
}

std::uint32_t Depth(std::string_view path) {
  return static_cast<std::uint32_t>(std::count(path.begin(), path.end(), '/'));
}

// Where relative paths count from.
std::string BaseOf(const Hierarchy& hierarchy) {
  std::string own = hierarchy.own_path;
  if (hierarchy.version == Version::kV2)
    own.resize(own.rfind('/') == own.npos ? 0 : own.rfind('/'));
  return own == "/" ? std::string() : own;
}

struct SystemdPlace {
  std::string slice;
  std::string unit;
  std::string path;
};

Result<SystemdPlace> PlaceSystemd(const Request& request) {
  const std::string_view path = request.cgroups_path;
  SystemdPlace place{.slice = request.rootless ? "user.slice" : "system.slice"};
  std::string_view prefix = "caisson";
  std::string_view name = request.container_id;
  if (!path.empty()) {
    const auto parts = Split(path, ':');
    if (parts.size() != 3)
      return Bad(path, "the systemd driver needs \"slice:prefix:name\"")
          .Hint("write linux.cgroupsPath as slice:prefix:name, or leave --systemd-cgroup out");
    if (!parts[0].empty()) place.slice = parts[0];
    prefix = parts[1];
    name = parts[2];
  }
  CAISSON_TRY(Checked(name));
  if (name.find('/') != name.npos || prefix.find('/') != prefix.npos)
    return Bad(path, "a unit's name has no \"/\"");
  if (EndsWith(name, kSliceSuffix)) {
    place.unit = name;
  } else {
    place.unit = prefix.empty() ? StrCat(name, ".scope") : StrCat(prefix, "-", name, ".scope");
  }
  CAISSON_ASSIGN(const std::string parent, ExpandSlice(place.slice));
  CAISSON_ASSIGN(place.path, Checked(StrCat(request.manager_cgroup, parent, "/", place.unit)));
  return place;
}

}  // namespace

Result<std::string> ExpandSlice(std::string_view slice) {
  if (slice == "-.slice") return std::string();
  const auto bad = [&](std::string_view why) { return Bad(slice, why); };
  if (!EndsWith(slice, kSliceSuffix) || slice.size() == kSliceSuffix.size())
    return bad("not the name of a slice");
  const auto name = slice.substr(0, slice.size() - kSliceSuffix.size());
  if (slice.find('/') != slice.npos) return bad("a slice's name has no \"/\"");
  std::string path;
  std::string prefix;
  for (const auto part : Split(name, '-')) {
    if (part.empty()) return bad("a slice's name has no empty part between dashes");
    prefix.append(prefix.empty() ? "" : "-").append(part);
    path.append("/").append(prefix).append(kSliceSuffix);
  }
  CAISSON_TRY(Checked(path));
  return path;
}

Result<Record> Place(const Layout& layout, const Request& request) {
  Record record{.driver = request.driver, .rootless = request.rootless};
  const bool is_relative = request.driver == Driver::kCgroupfs && !request.cgroups_path.empty() &&
                           request.cgroups_path.front() != '/';
  if (request.driver == Driver::kSystemd) {
    CAISSON_ASSIGN(SystemdPlace place, PlaceSystemd(request));
    record.systemd_slice = std::move(place.slice);
    record.systemd_unit = std::move(place.unit);
    record.path = std::move(place.path);
  } else {
    CAISSON_ASSIGN(record.path, Checked(request.cgroups_path.empty() ? request.container_id
                                                                     : request.cgroups_path));
  }
  for (const Hierarchy& hierarchy : layout.hierarchies) {
    const std::string below = is_relative ? StrCat(BaseOf(hierarchy), record.path) : record.path;
    record.directories.push_back({.version = hierarchy.version,
                                  .controllers = hierarchy.controllers,
                                  .path = StrCat(hierarchy.mount, below),
                                  .depth = Depth(below)});
  }
  return record;
}

}  // namespace caisson::cgroup
