// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::image {

struct OverlayPlan {
  std::vector<std::string> lower;  // directories, the lowest layer first
  std::string upper;
  std::string work;  // beside `upper`, empty
  // For the making of layers: the upper directory must mean the same in other stacks.
  bool portable_upper = false;
};

// How the layers are told to the kernel.
enum class OverlayWay {
  kProbe,      // one by one, and below Linux 6.7 as below
  kOneString,  // as one short string of descriptors, resolved by a thread in /proc/self/fd
};

// An overlay mount that is attached nowhere.
// Errors: kUnsupported when there are too many layers for this kernel; kSystem with the kernel's
// own words, e.g. for a file system that cannot be an upper layer. Source: kernel overlayfs.rst;
// fsopen(2), fsconfig(2), fsmount(2).
Result<UniqueFd> MountOverlay(const OverlayPlan& plan, OverlayWay way = OverlayWay::kProbe);

}  // namespace caisson::image
