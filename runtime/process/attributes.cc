// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/attributes.h"

#include <cerrno>

namespace caisson::process {

Error ExplainOomScoreAdj(std::int32_t score, int sys_errno) {
  Error error = SysError("write", "/proc/self/oom_score_adj", sys_errno)
                    .Wrap(StrCat("process.oomScoreAdj ", score));
  if (sys_errno == EACCES)
    return std::move(error).Hint(
        "going below the runtime's own score takes CAP_SYS_RESOURCE: ask for a higher value");
  return error;
}

Error ExplainKeyring(int sys_errno) {
  Error error = SysError("keyctl(KEYCTL_JOIN_SESSION_KEYRING)", "session keyring", sys_errno);
  return std::move(error).Hint("pass --no-new-keyring to go on with the caller's keyring");
}

}  // namespace caisson::process
