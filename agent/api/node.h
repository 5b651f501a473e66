// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "agent/api/services.h"

namespace caisson::api {

// The one Node that this agent is: what uname(2), /proc and /etc/os-release say of the host.
nlohmann::json NodeDocument(const Services& services);

}  // namespace caisson::api
