// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace caisson::cli {

// Amounts as the command lines of runc and docker spell them.

// "512", "64m", "1.5g", "10 MiB", "-1": binary multiples, in bytes; parts of a byte are cut off.
// Nothing for other text, negative numbers but -1, and more than fits.
std::optional<std::int64_t> ParseBytes(std::string_view text);

// "5s", "500ms", "1m30s", "1.5h", "-2us", "0": one or more numbers with units, as Go's durations.
// Nothing for other text, numbers without unit but 0, and more than 292 years.
std::optional<std::chrono::nanoseconds> ParseDuration(std::string_view text);

}  // namespace caisson::cli
