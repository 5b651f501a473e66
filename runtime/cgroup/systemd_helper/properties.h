// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <systemd/sd-bus.h>

#include <string_view>

namespace caisson::systemd_helper {

// Appends one "Name=signature:value" to an open a(sv) of `message`. Signatures: b, t, s, as, au
// (comma-separated), ay (hexadecimal), a(ss) ("node rwm;node rwm").
// Returns 0 or a negative errno; -EINVAL for what is none of these.
int AppendProperty(sd_bus_message* message, std::string_view property);

}  // namespace caisson::systemd_helper
