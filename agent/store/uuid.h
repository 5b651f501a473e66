// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace caisson::store {

// A random (version 4) UUID in lower case. Source: RFC 9562, section 5.4.
std::string NewUuid();

}  // namespace caisson::store
