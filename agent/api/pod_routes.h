// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/api/router.h"
#include "agent/api/services.h"

namespace caisson::api {

// What only pods have: status, log, eviction.
void AddPodRoutes(Router& router, const Services& services);

}  // namespace caisson::api
