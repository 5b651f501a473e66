// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/proc_file.h"
#include "runtime/process/sysctl.h"

namespace caisson::process {

StepFailure ApplySysctls(int proc_fd, const SysctlStep* steps, std::size_t count) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const int err = WriteProcFile(proc_fd, steps[i].file, steps[i].value, steps[i].size);
    if (err != 0) return {err, i};
  }
  return {};
}

}  // namespace caisson::process
