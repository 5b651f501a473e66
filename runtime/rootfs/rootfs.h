// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/child_zone.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/rootfs/mount_plan.h"
#include "runtime/spec/config.h"

namespace caisson::rootfs {

// A cgroup hierarchy that the container may see. Facts, gathered by whoever made the cgroup.
struct CgroupSource {
  bool v2 = false;
  std::string controllers;  // v1: as mounted, "cpu,cpuacct" or "name=systemd"; v2: empty
  std::string mount;        // host: "/sys/fs/cgroup/cpu,cpuacct"
  std::string own;          // host: the container's own directory below `mount`
};

// What the caller knows beside the configuration.
struct RootfsContext {
  std::string bundle;  // absolute
  UniqueFd root_tree;  // detached root in place of config.root.path
  // Detached trees in place of the mount's source, by index in config.mounts.
  std::map<std::size_t, UniqueFd> mount_trees;
  std::vector<CgroupSource> cgroups;  // empty: `type: cgroup` mounts are left out
  // Their `own` appears when init is placed (a systemd scope is born with its process), so the
  // child, which waits for that, opens it.
  bool cgroups_made_later = false;

  bool user_namespace = false;         // created or joined
  int joined_user_namespace = -1;      // its descriptor, borrowed; -1: none is joined
  bool new_network_namespace = false;  // created (a joined one of the same owner works by trial)
  bool cgroup_namespace = false;       // created or joined
  // No privileges on the host: trees are opened by the child, as root of its own user namespace.
  bool rootless = false;
  bool no_pivot = false;
  bool pre_pivot_hooks = false;  // hooks look for the root at its host path
  bool selinux = false;          // SELinux is on: mount labels count
};

// The plan and the memory and descriptors behind it. Keep it until clone3(2) has returned in the
// parent. Thread-compatible: one owner at a time.
class RootfsPlan {
 public:
  struct Impl;
  explicit RootfsPlan(std::unique_ptr<Impl> impl);
  RootfsPlan(RootfsPlan&&) noexcept;
  RootfsPlan& operator=(RootfsPlan&&) noexcept;
  RootfsPlan(const RootfsPlan&) = delete;
  RootfsPlan& operator=(const RootfsPlan&) = delete;
  ~RootfsPlan();

  // For the child; valid as long as the plan lives, and in a clone of this process.
  RootfsView View() const;

  // How many trees the child asks the parent to map the ids of, while it makes the mounts: it sends
  // each over RootfsView::ask_fd with sync::Type::kMapWanted, and the index of its step as value,
  // and waits for kMapDone.
  std::size_t asked_maps() const;
  Status MapAsked(std::size_t index, FdView tree) const;

  // What a function of rootfs_child.h failed at, e.g.
  //   mount #3 proc on "/proc": fsmount "proc": Operation not permitted (EPERM)
  // `failure.item` has 32 bits that count.
  Error Explain(const StepFailure& failure) const;

  // Sentences about what is accepted although it is doubtful.
  const std::vector<std::string>& warnings() const;

 private:
  std::unique_ptr<Impl> impl_;
};

// Reads the configuration's root, mounts, devices and paths, opens every tree that can be opened
// from here, and puts their attributes on them.
// Errors: kInvalidSpec naming the member; those of open_tree(2) and mount_setattr(2) naming the
// mount, with a hint.
// Source: runtime-spec config.md "Root", "Mounts"; config-linux.md "Default Devices" and on.
Result<RootfsPlan> PlanRootfs(const spec::Config& config, RootfsContext context);

}  // namespace caisson::rootfs
