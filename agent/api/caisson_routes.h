// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/api/router.h"
#include "agent/api/services.h"

namespace caisson::api {

// The agent's own routes, for what Kubernetes has no shape for:
//   GET    /caisson/v1/node                    version, node name, socket of the runtime
//   GET    /caisson/v1/images                  {"items":[{name,id,digest,sizeBytes,created}]}
//   POST   /caisson/v1/images?name=N           the body is an archive
//   POST   /caisson/v1/images?path=P&name=N    a layout or archive on this host
//   DELETE /caisson/v1/images?reference=R      204
void AddCaissonRoutes(Router& router, const Services& services);

}  // namespace caisson::api
