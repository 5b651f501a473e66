// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::cli {

// All of `text` to standard output.
Status Print(std::string_view text);

// Columns as wide as their widest cell, three spaces between, as runc's tabwriter does.
std::string Table(const std::vector<std::vector<std::string>>& rows);

// The name of a user, or the number where there is none.
std::string UserName(unsigned uid);

}  // namespace caisson::cli
