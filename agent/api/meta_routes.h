// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/api/router.h"
#include "agent/api/services.h"

namespace caisson::api {

// /version, health, metrics, and the two self reviews ("who am I, and may I").
void AddMetaRoutes(Router& router, const Services& services);

}  // namespace caisson::api
