// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/device_child.h"

#include "runtime/rootfs/calls_child.h"
#include "runtime/rootfs/target_child.h"

namespace caisson::rootfs {
namespace {

// The directory that something is made in, and its name there.
struct Spot {
  int directory = -1;
  bool opened = false;  // by us, for this
  const char* leaf = nullptr;
  CallFailure failure;
};

Spot Find(const RootfsView& view, const Place& place) noexcept {
  if (place.leaf != nullptr) return {BaseOf(view, place), false, place.leaf, {}};
  const ParentOf parent = MakeParent(view.root_fd, place.target);
  return {parent.directory.fd, true, parent.leaf, parent.directory.failure};
}

void Leave(const Spot& spot) noexcept {
  if (spot.opened) CloseIfHigh(spot.directory);
}

bool IsDevice(int fd, const DeviceStep& step) noexcept {
  struct stat found;
  if (::fstatat(fd, "", &found, AT_EMPTY_PATH) < 0) return false;
  if ((found.st_mode & S_IFMT) != (step.mode & S_IFMT)) return false;
  return S_ISFIFO(step.mode) || found.st_rdev == step.rdev;
}

int OpenNode(const Spot& spot) noexcept {
  return OpenHow(spot.directory, spot.leaf, O_PATH | O_NOFOLLOW, 0,
                 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

// The node is seen to be the device before it is given away: its name may have been exchanged since
// mknod where the directory is shared.
CallFailure GiveTo(const Spot& spot, const DeviceStep& step) noexcept {
  const int node = OpenNode(spot);
  if (node < 0) return FailedCall(Call::kOwner);
  CallFailure failure;
  if (!IsDevice(node, step)) failure = {Call::kNodeDiffers, EEXIST};
  if (failure.ok() && ::fchownat(node, "", step.uid, step.gid, AT_EMPTY_PATH) < 0)
    failure = FailedCall(Call::kOwner);
  CloseIfHigh(node);
  return failure;
}

CallFailure MakeNode(const Spot& spot, const DeviceStep& step) noexcept {
  if (::mknodat(spot.directory, spot.leaf, step.mode, step.rdev) == 0)
    return step.uid == 0 && step.gid == 0 ? CallFailure() : GiveTo(spot, step);
  if (errno != EEXIST) return FailedCall(Call::kMakeNode);
  const int node = OpenNode(spot);
  if (node < 0) return {Call::kNodeDiffers, EEXIST};
  const bool same = IsDevice(node, step);
  CloseIfHigh(node);
  return same ? CallFailure() : CallFailure{Call::kNodeDiffers, EEXIST};
}

CallFailure BindNode(const Spot& spot, const DeviceStep& step) noexcept {
  const int tree = step.tree_fd >= 0 ? step.tree_fd : CloneTree(AT_FDCWD, step.source, 0);
  if (tree < 0) return FailedCall(Call::kOpenTree);
  if (!IsDevice(tree, step)) return {Call::kNodeDiffers, ENODEV};
  int target = OpenHow(spot.directory, spot.leaf, O_CREAT | O_EXCL | O_NOFOLLOW | O_RDONLY, 0644,
                       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  if (target < 0 && errno == EEXIST) target = OpenNode(spot);
  if (target < 0) return FailedCall(Call::kMakeFile);
  const int attached = AttachTo(tree, target);
  CloseIfHigh(target);
  return attached < 0 ? FailedCall(Call::kAttach) : CallFailure();
}

CallFailure MakeLink(const Spot& spot, const LinkStep& step) noexcept {
  if (::symlinkat(step.text, spot.directory, spot.leaf) == 0 || errno == EEXIST) return {};
  return FailedCall(Call::kMakeLink);
}

}  // namespace

StepFailure MakeDevices(const RootfsView& view) noexcept {
  for (std::size_t i = 0; i < view.device_count; ++i) {
    const DeviceStep& step = view.devices[i];
    const Spot spot = Find(view, step.place);
    if (spot.directory < 0) return Failed(Part::kDevice, i, spot.failure);
    const CallFailure failure = step.bind ? BindNode(spot, step) : MakeNode(spot, step);
    Leave(spot);
    if (!failure.ok()) return Failed(Part::kDevice, i, failure);
  }
  for (std::size_t i = 0; i < view.link_count; ++i) {
    const Spot spot = Find(view, view.links[i].place);
    if (spot.directory < 0) return Failed(Part::kLink, i, spot.failure);
    const CallFailure failure = MakeLink(spot, view.links[i]);
    Leave(spot);
    if (!failure.ok()) return Failed(Part::kLink, i, failure);
  }
  return {};
}

}  // namespace caisson::rootfs
