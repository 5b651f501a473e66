// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/rootfs/mount_plan.h"

namespace caisson::rootfs {

enum class IdMapWish : std::uint8_t { kNone, kTop, kBelow };

// What the strings of a mount's `options` mean.
struct MountOptions {
  TreeAttributes attributes;
  bool names_flag = false;         // one of the mount's own flags, set or cleared ("ro", "exec")
  bool names_access_time = false;  // how access times are kept ("noatime", "nodiratime")
  bool bind = false;
  bool recursive_bind = false;
  bool remount = false;
  bool copy_up = false;
  IdMapWish id_map = IdMapWish::kNone;
  std::vector<std::string> superblock;  // flags of the file system itself: "sync", "nolazytime"
  std::vector<std::string> data;        // the file system's own: "size=64k", "newinstance"
};

// Later options win over earlier ones. An option that is in no table belongs to the file system;
// those that begin with "x-" or "X-" are comments.
// Errors: kInvalidSpec for a NUL or control character, and for an empty option.
// Source: runtime-spec config.md, "Linux mount options"; mount(8); mount_setattr(2).
Result<MountOptions> ParseMountOptions(const std::vector<std::string>& options);

// All names that ParseMountOptions has a meaning for, sorted; what `caisson features` tells.
std::vector<std::string_view> KnownMountOptions();

// MS_SHARED, MS_SLAVE, MS_PRIVATE or MS_UNBINDABLE, with or without "r" in front.
struct Propagation {
  std::uint64_t flag = 0;
  bool below = false;
};
std::optional<Propagation> ParsePropagation(std::string_view name);

}  // namespace caisson::rootfs
