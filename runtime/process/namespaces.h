// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/child_zone.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/spec/linux.h"

namespace caisson::process {

// One namespace to enter. Plain data, read by the child.
struct NamespaceJoin {
  int clone_flag = 0;  // CLONE_NEW*
  int fd = -1;
};

// Which namespaces are made by clone3(2), which are entered, and in which order.
// Move-only: owns the descriptors of what is entered.
struct NamespacePlan {
  std::uint64_t create_flags = 0;  // CLONE_NEW* for clone3(2)
  // ipc, uts, net, pid, mnt, cgroup, time; user before those that belong to it, after the others.
  std::vector<NamespaceJoin> joins;
  // The offsets of a new time namespace, for /proc/self/timens_offsets; empty: none. They must be
  // written before the first process enters it, so by the one that unshares it (TimeOffsets).
  std::string time_offsets;

  // Why PID 1 cannot be cloned directly, but only by a stage 1 that first enters or unshares:
  //   a user namespace is entered (the others must belong to it),
  //   namespaces are entered and a new user namespace is made (entering needs the old rights),
  //   a time namespace has offsets.
  bool needs_stage1 = false;
  // A pid namespace is entered and nothing else asks for stage 1: the parent goes through
  // PidNamespaceDetour around clone3(2) instead.
  std::optional<NamespaceJoin> pid_detour;

  std::vector<UniqueFd> owned;
  std::vector<std::string> paths;  // beside `joins`, for messages

  bool Creates(spec::NamespaceType type) const;
  bool Joins(spec::NamespaceType type) const;
  // The descriptor of the user namespace that is entered, -1 when there is none.
  int JoinedUser() const;
  // CLONE_NEW* of all that are not the runtime's own.
  std::uint64_t private_flags() const;
  Error Explain(const StepFailure& failure) const;
};

// Descriptors that stand in for the configuration's entry of that type; borrowed.
using GivenNamespaces = std::map<spec::NamespaceType, int>;

// Opens every path and checks that it is a namespace of that type (ioctl_ns(2)); a path that is the
// runtime's own namespace is dropped from the joins.
// Errors: kInvalidSpec naming the member ("linux.namespaces[2]: ..."), for duplicates, wrong types,
// and time offsets without a new time namespace.
Result<NamespacePlan> PlanNamespaces(const spec::Linux& linux_config,
                                     const GivenNamespaces& given = {});

// The text for /proc/self/timens_offsets: "monotonic 3600 0\nboottime 5 7\n".
std::string TimeOffsetsText(const std::vector<spec::TimeOffset>& offsets);

Error ExplainTimeOffsets(int sys_errno);

// Parent. Children cloned while it lives are in another pid namespace; destruction goes back.
class PidNamespaceDetour {
 public:
  static Result<PidNamespaceDetour> Enter(const NamespaceJoin& pid);
  PidNamespaceDetour(PidNamespaceDetour&&) noexcept = default;
  PidNamespaceDetour& operator=(PidNamespaceDetour&&) = delete;
  PidNamespaceDetour(const PidNamespaceDetour&) = delete;
  PidNamespaceDetour& operator=(const PidNamespaceDetour&) = delete;
  ~PidNamespaceDetour();

 private:
  explicit PidNamespaceDetour(UniqueFd own) : own_(std::move(own)) {}
  UniqueFd own_;
};

// Child zone. setns(2) in the order given; `item` is the index.
StepFailure JoinNamespaces(const NamespaceJoin* joins, std::size_t count) noexcept;
// Child zone: what sets the clocks of a time namespace that this process is going to unshare. To be
// opened before user namespaces change: the kernel looks at who opened it, and whoever made or
// could enter the user namespace may set its clocks, mapped or not. `proc_fd` is a procfs root.
// -errno on failure.
// Source: time_namespaces(7), /proc/PID/timens_offsets.
int OpenTimeOffsets(int proc_fd) noexcept;
// Child zone: unshare(CLONE_NEWTIME) and the offsets; what this process clones next is inside.
int UnshareTime(int offsets_fd, const char* offsets, std::size_t size) noexcept;
// Child zone: unshare(CLONE_NEWUSER).
int UnshareUser() noexcept;

}  // namespace caisson::process
