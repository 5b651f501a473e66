// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/child_zone.h"
#include "runtime/base/error.h"
#include "runtime/spec/linux.h"

namespace caisson::process {

// One write beneath a procfs root. Plain data that points into a SysctlPlan.
struct SysctlStep {
  const char* file = nullptr;  // "sys/net/ipv4/ip_forward"
  const char* value = nullptr;
  std::size_t size = 0;
};

struct SysctlPlan {
  std::vector<std::string> keys;    // as configured
  std::vector<std::string> files;   // beside `keys`
  std::vector<std::string> values;  // beside `keys`
  std::vector<SysctlStep> steps() const;
  Error Explain(const StepFailure& failure) const;
};

// Which of the container's namespaces are not the host's: CLONE_NEW* flags of those that are made
// or entered. Only what a namespace isolates may be set (as in runc):
//   ipc: kernel.msg*, kernel.sem, kernel.shm*, fs.mqueue.*;  net: net.*;
//   uts: kernel.domainname;  user: user.*.
// Errors: kInvalidSpec naming the key, for anything else, and for control characters in keys or
// values (CVE-2022-0811).
Result<SysctlPlan> PlanSysctls(const spec::StringMap& sysctls, std::uint64_t private_namespaces);

// "net/ipv4/conf/eth0.100/forwarding" and "net.ipv4.conf.eth0/100.forwarding" are the same key: the
// first separator says which of "." and "/" separates, the other one stands for ".".
std::string NormaliseSysctlKey(std::string_view key);

// Child zone. `proc_fd` is the root of a procfs that nobody else can mount over, of the container's
// pid namespace; files are opened beneath it without following links (CVE-2025-52881).
StepFailure ApplySysctls(int proc_fd, const SysctlStep* steps, std::size_t count) noexcept;

}  // namespace caisson::process
