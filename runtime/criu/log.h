// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/base/process.h"

namespace caisson::criu {

// The last cause that criu's log tells, without time and place; empty when there is none.
std::string LastError(const std::string& log);

// What the end of a criu means. Errors: kSystem with the cause that its log tells, and the log's
// path.
Status Judge(std::string_view verb, const ExitStatus& ended, const std::string& log_path);

}  // namespace caisson::criu
