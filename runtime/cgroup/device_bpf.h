// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/bpf.h>

#include <string>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/cgroup/device_rules.h"

namespace caisson::cgroup {

// Pure: a program for BPF_CGROUP_DEVICE that answers 1 (allowed) when every access asked for is
// allowed by the last rule that speaks of it, else 0.
// Source: kernel include/uapi/linux/bpf.h, struct bpf_cgroup_dev_ctx; cgroup-v2.rst,
// "Device controller".
std::vector<bpf_insn> BuildDeviceProgram(const std::vector<DeviceRule>& rules);

// Loads a program. Errors: kDenied without CAP_BPF and CAP_PERFMON or CAP_SYS_ADMIN; kSystem.
Result<UniqueFd> LoadDeviceProgram(const std::vector<bpf_insn>& program);

// Attaches it to a v2 directory in place of what this runtime attached there before, so that there
// is no moment without rules. Programs of others above and below stay: all have to allow.
// Source: bpf(2), BPF_F_ALLOW_MULTI, BPF_F_REPLACE (since 5.6).
enum class Attach { kFirst, kReplace };
Status AttachDeviceProgram(FdView directory, FdView program, Attach how);

}  // namespace caisson::cgroup
