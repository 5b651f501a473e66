// SPDX-License-Identifier: Apache-2.0
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/process/rlimits.h"

namespace caisson::process {

StepFailure ApplyRlimits(pid_t pid, const RlimitStep* steps, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t limit[2] = {steps[i].soft, steps[i].hard};  // the kernel's struct rlimit64
    if (::syscall(SYS_prlimit64, pid, steps[i].resource, limit, nullptr) != 0) return {errno, i};
  }
  return {};
}

}  // namespace caisson::process
