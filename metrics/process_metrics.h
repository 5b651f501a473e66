// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace caisson::metrics {

// The process_* series of this process, as every client library names them, in text format.
// Thread-safe.
std::string ProcessText();

}  // namespace caisson::metrics
