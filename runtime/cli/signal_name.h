// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "runtime/base/error.h"

namespace caisson::cli {

// "9", "KILL", "SIGKILL", "sigkill", "RTMIN+3" as a signal's number.
// Errors: kInvalidSpec quoting the text.
Result<int> ParseSignal(std::string_view text);

}  // namespace caisson::cli
