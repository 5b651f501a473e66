// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "runtime/base/child_zone.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/spec/process.h"

namespace caisson::security {

// Which security modules are on, and where their files lie.
struct LsmHost {
  bool apparmor = false;
  bool apparmor_own_attr = false;  // /proc/self/attr/apparmor/ exists, since Linux 5.8
  bool selinux = false;
};
// `root` stands in for "/" in tests.
LsmHost DetectLsm(const std::string& root = "/");

// One write to /proc/self/attr/: plain data that points into an LsmPlan.
struct LsmWrite {
  const char* file = nullptr;  // under the procfs root
  const char* value = nullptr;
  std::size_t size = 0;
};
struct LsmView {
  LsmWrite writes[2];
  std::size_t count = 0;
  LsmWrite keyring;  // before a session keyring is made; no file: nothing to write
};

// The labels that the next execve(2) of the container's process takes on.
struct LsmPlan {
  std::string apparmor_profile;  // empty: none
  std::string apparmor_value;    // "exec PROFILE"
  std::string apparmor_file;
  std::string selinux_label;  // empty: none
  LsmView view() const;
  Error Explain(const StepFailure& failure) const;
  Error ExplainKeyring(int sys_errno) const;

 private:
  Error ExplainSelinux(const char* file, int sys_errno) const;
};

// Errors: kUnsupported when a label is asked for and the host has no such module on; kInvalidSpec
// for labels with control characters.
// The host is looked at only when a label is asked for.
Result<LsmPlan> PlanLsm(const spec::Process& process, const std::string& root = "/");

// Child zone. `proc_fd` is the root of a procfs that nobody else can mount over; the files are
// opened beneath it without following a link and must lie on procfs (CVE-2019-16884, 2025-52881).
StepFailure ApplyLsm(int proc_fd, const LsmView& view) noexcept;

}  // namespace caisson::security
