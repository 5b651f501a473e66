// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/proc_file.h"
#include "runtime/security/lsm.h"

namespace caisson::security {

StepFailure ApplyLsm(int proc_fd, const LsmView& view) noexcept {
  for (std::size_t i = 0; i < view.count; ++i) {
    const LsmWrite& write = view.writes[i];
    if (const int err = WriteProcFile(proc_fd, write.file, write.value, write.size); err != 0)
      return {err, i};
  }
  return {};
}

}  // namespace caisson::security
