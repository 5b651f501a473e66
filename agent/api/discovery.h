// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "agent/api/router.h"

namespace caisson::api {

// /api, /apis and the resource lists below them, so that clients know what is served.
void AddDiscoveryRoutes(Router& router);

// /openapi/v3: what kubectl checks manifests against before it sends them. Made from the schema.
void AddOpenApiRoutes(Router& router);
nlohmann::json OpenApiDocument();

}  // namespace caisson::api
