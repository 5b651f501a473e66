// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/placement.h"

// The first line that is "--" divides a /proc/PID/cgroup from a /proc/PID/mountinfo. Whatever they
// say, a place that comes out of them lies below a mount point and has no way up.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::cgroup;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto divider = text.find("--\n");
  const auto mounts =
      ParseMountInfo(divider == text.npos ? std::string_view() : text.substr(divider + 3));
  for (const CgroupMount& mount : mounts) {
    if (mount.version == Version::kV2 && !mount.controllers.empty()) std::abort();
  }
  (void)V2PathOf(text);
  auto layout = LayoutFromProcCgroup("/sys/fs/cgroup", text.substr(0, divider));
  if (!layout) return 0;
  const Layout moved = WithMounts(*layout, mounts);
  if (moved.hierarchies.size() > layout->hierarchies.size()) std::abort();
  const auto record = Place(*layout, {.container_id = "web"});
  if (!record) std::abort();
  for (const Directory& directory : record->directories) {
    if (directory.MountPoint() + "/web" != directory.path) std::abort();
  }
  return 0;
}
