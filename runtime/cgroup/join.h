// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "runtime/base/child_zone.h"
#include "runtime/base/error.h"
#include "runtime/base/fd_batch.h"

namespace caisson::cgroup {

// Open files, as plain data for the child: whoever writes "0" to each has joined.
struct JoinView {
  const int* files = nullptr;
  std::size_t count = 0;
  const char* name = nullptr;  // of the cgroup, for a trace
};

// The way of a process into a container's cgroups by its own hand. Moving another process, or one
// with several threads, takes the kernel's lock against forks all over the machine, which first
// waits for an RCU grace period (milliseconds). A thread that moves itself alone needs no lock, and
// a process that was just cloned is one thread.
// Made by Manager::OpenToJoin. Thread-compatible: one owner at a time.
// Source: Linux kernel/cgroup/cgroup.c, cgroup_procs_write_start().
class JoinFiles {
 public:
  explicit JoinFiles(std::string name) : name_(std::move(name)) {}

  void Add(std::string path, bool has_cpu_controller, UniqueFd file);
  // Valid as long as the object stays where it is.
  JoinView view() const;
  // What JoinCgroups could not do.
  Error Explain(const StepFailure& failure) const;

 private:
  struct Target {
    std::string path;
    bool has_cpu_controller;
  };

  std::string name_;
  std::vector<Target> targets_;
  std::vector<int> numbers_;
  FdBatch files_;
};

// Child zone; the first also for any process with one thread. The calling thread moves into each.
StepFailure JoinCgroups(const JoinView& view) noexcept;
// The child's copies, once it has joined: nobody in the container is to get at them.
void CloseJoinFiles(const JoinView& view) noexcept;

// Adds the hint that goes with a refusal to join.
Error ExplainJoin(Error error, bool has_cpu_controller);

}  // namespace caisson::cgroup
