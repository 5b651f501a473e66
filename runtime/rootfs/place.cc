// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/place.h"

#include "runtime/base/path.h"

namespace caisson::rootfs {
namespace {

bool IsMount(const MountStep& step) {
  return step.kind == MountKind::kTree || step.kind == MountKind::kFilesystem;
}

// Walks back to the last mount that covers `directory` or what it lies in.
// -1: the root's own directory, if that is what `directory` is; -2: has to be looked up.
int BaseFor(const PlanImpl& plan, std::string_view directory) {
  for (std::size_t i = plan.mounts.size(); i-- > 0;) {
    const MountStep& step = plan.mounts[i];
    if (!IsMount(step) || !IsWithin(directory, step.place.target)) continue;
    return directory == step.place.target ? static_cast<int>(i) : -2;
  }
  return directory == "." ? -1 : -2;
}

}  // namespace

std::string FromRoot(std::string_view container_path) {
  std::string clean = CleanPath(StrCat("/", container_path));
  clean.erase(0, 1);
  return clean.empty() ? "." : clean;
}

bool IsWithin(std::string_view path, std::string_view directory) {
  if (directory == ".") return true;
  return path.starts_with(directory) &&
         (path.size() == directory.size() || path[directory.size()] == '/');
}

std::optional<std::string> BelowRoot(const PlanImpl& plan, std::string_view host_path) {
  const std::string& root = plan.root_shown_as;
  const std::string path = CleanPath(host_path);
  if (root == "/" || !IsWithin(path, root)) return std::nullopt;
  return path.size() == root.size() ? "/" : path.substr(root.size());
}

Place MakePlace(PlanImpl& plan, std::string_view container_path) {
  const std::string path = FromRoot(container_path);
  Place place;
  place.target = plan.Keep(path);
  place.shown_as = plan.Keep(path == "." ? "/" : StrCat("/", path));
  if (path == ".") return place;
  const auto slash = path.rfind('/');
  const int base = BaseFor(plan, slash == std::string::npos ? "." : path.substr(0, slash));
  if (base == -2) return place;
  place.base = base;
  place.leaf = place.target + (slash == std::string::npos ? 0 : slash + 1);
  if (base >= 0) plan.mounts[static_cast<std::size_t>(base)].keep_open = true;
  return place;
}

int MountOn(const PlanImpl& plan, std::string_view from_root) {
  const int base = BaseFor(plan, from_root);
  return base < 0 ? -1 : base;
}

}  // namespace caisson::rootfs
