// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace caisson::daemon {

// Tells the service manager ("READY=1", "STOPPING=1"), if NOTIFY_SOCKET in the environment names
// one. It is told as a courtesy: what it does not hear is no error of ours.
// Source: sd_notify(3).
void NotifyServiceManager(std::string_view state);

}  // namespace caisson::daemon
