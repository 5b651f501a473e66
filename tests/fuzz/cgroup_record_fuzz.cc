// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "runtime/cgroup/placement.h"
#include "runtime/cgroup/record.h"

// A record that is accepted is the same after a round trip and leads to no directory with "..";
// a cgroupsPath that is accepted does not either.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::cgroup;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto is_safe = [](const Record& record) {
    for (const Directory& directory : record.directories) {
      if (directory.path.front() != '/') return false;
      for (const auto part : caisson::Split(directory.path, '/')) {
        if (part == "..") return false;
      }
    }
    return true;
  };
  if (const auto record = ParseRecord(text)) {
    if (!is_safe(*record)) std::abort();
    const auto again = ParseRecord(Encode(*record));
    if (!again || !(*again == *record)) std::abort();
  }
  const Layout layout{.hierarchies = {{.version = Version::kV2, .mount = "/sys/fs/cgroup"}}};
  for (const Driver driver : {Driver::kCgroupfs, Driver::kSystemd}) {
    const auto record =
        Place(layout, {.container_id = "web", .cgroups_path = text, .driver = driver});
    if (record && !is_safe(*record)) std::abort();
  }
  return 0;
}
