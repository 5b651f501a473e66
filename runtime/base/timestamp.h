// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <time.h>

#include <string>

namespace caisson {

// A point of CLOCK_REALTIME as RFC 3339 in UTC with `digits` (0 to 9) of the fraction:
// "2026-11-24T08:48:41.759Z". Unlike gmtime(3) it does not read the host's time zone files.
std::string FormatUtc(const timespec& time, int digits);

}  // namespace caisson
