// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/fd_batch.h"
#include "runtime/rootfs/rootfs.h"

namespace caisson::rootfs {

// The mappings that the tree of a step gets when the child has opened it.
struct TreeMapping {
  UniqueFd user_namespace;
  bool recursive = false;
};

// What a RootfsPlan owns. Addresses of strings and options stay as they are while it grows (deque),
// because the steps point at them.
struct RootfsPlan::Impl {
  std::deque<std::string> strings;
  std::deque<std::vector<FsOption>> option_lists;
  FdBatch fds;
  std::vector<MountStep> mounts;
  std::vector<DeviceStep> devices;
  std::vector<LinkStep> links;
  std::vector<CoverStep> masked;
  std::vector<CoverStep> readonly;
  std::vector<std::string> warnings;
  std::vector<std::string> mount_names;  // by index in config.mounts
  std::string root_shown_as;
  std::map<std::size_t, TreeMapping> asked_maps;  // by index in `mounts`
  bool user_namespace = false;
  RootfsView view;  // without the lists

  const char* Keep(std::string_view text) { return strings.emplace_back(text).c_str(); }
  int Keep(UniqueFd fd) { return fds.Keep(std::move(fd)); }
};
using PlanImpl = RootfsPlan::Impl;

}  // namespace caisson::rootfs
