// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "runtime/base/error.h"
#include "runtime/rootfs/plan_mounts.h"

namespace caisson::rootfs {

// linux.maskedPaths and linux.readonlyPaths, and the null device that masks files.
// Errors: kInvalidSpec for a path that is not absolute; kUnsupported when the host's /dev/null is
// something else than the null device (CVE-2025-31133).
Status PlanCovers(Planner& planner);

}  // namespace caisson::rootfs
