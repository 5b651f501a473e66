// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace caisson::daemon {

// The address that packets to the world leave this node with; loopback when there is no way out.
// Asks the kernel's routes; sends nothing.
std::string FindNodeAddress();

}  // namespace caisson::daemon
