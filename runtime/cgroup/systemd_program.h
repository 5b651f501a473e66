// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "runtime/base/error.h"

namespace caisson::cgroup::systemd {

// The path of `caisson-systemd`: what CAISSON_SYSTEMD_HELPER names, else beside this program, in
// ../libexec/caisson, or in /usr/libexec/caisson. Errors: kNotFound.
Result<std::string> FindProgram();

}  // namespace caisson::cgroup::systemd
