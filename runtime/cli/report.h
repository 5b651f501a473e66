// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "runtime/container/lifecycle.h"

namespace caisson::cli {

// A container as runc's `state` and `list --format json` print it. `indent` empty: one line.
std::string ReportJson(const container::ContainerState& state, std::string_view indent);

}  // namespace caisson::cli
