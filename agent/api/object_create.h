// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/api/body.h"
#include "agent/api/kinds.h"
#include "agent/api/services.h"

namespace caisson::api {

// POST of a new object: 201; 400 undecodable; 404 no such namespace; 409 name taken; 422 bad field.
Reply CreateObject(const Services& services, const ServedKind& kind, const Request& request);

// A checked body, ready for the store: namespace and name set, defaults filled in, valid.
Outcome<Body> AdmitNew(const Services& services, const ServedKind& kind, const Request& request);

struct DeleteOptions {
  std::optional<std::int64_t> grace_seconds;
  std::optional<std::string> uid;
  bool dry_run = false;
};
// From the body, or the query, or neither.
Outcome<DeleteOptions> ReadDeleteOptions(const Request& request);

// 409 while anything but events is left in the namespace; 403 for "default".
std::optional<pod_spec::ApiStatus> CheckNamespaceEmpty(const Services& services,
                                                       const std::string& ns);

bool IsDryRun(const Request& request);

}  // namespace caisson::api
