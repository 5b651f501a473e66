// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include "runtime/rootfs/calls_child.h"

namespace caisson::rootfs {

// Child zone. Targets inside the root; never a step outside it, whatever the image or a container
// that shares a volume does meanwhile: each name is looked up from the root by RESOLVE_IN_ROOT, and
// what is missing is made in a directory that is already open.

enum class TargetKind { kDirectory, kFile };

// An O_PATH descriptor with the failure that it takes the place of.
struct Opened {
  int fd = -1;
  CallFailure failure;
};

// Opens `path`, or makes it with the directories before it (0755, 0644). A dangling symlink is made
// to lead somewhere, as the container would see it: images link /etc/resolv.conf into /run.
Opened MakeTarget(int root, const char* path, TargetKind kind) noexcept;

// Directories alone; for the working directory and devices' parents.
inline Opened MakeDirectory(int root, const char* path) noexcept {
  return MakeTarget(root, path, TargetKind::kDirectory);
}

// The parent directory of `path`, made when missing, and its last component.
struct ParentOf {
  Opened directory;
  const char* leaf = nullptr;  // points into `path`
};
ParentOf MakeParent(int root, const char* path) noexcept;

}  // namespace caisson::rootfs
