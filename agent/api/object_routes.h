// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/api/kinds.h"
#include "agent/api/router.h"
#include "agent/api/services.h"

namespace caisson::api {

// The verbs that every kind shares. Handlers run on any thread at once; what they share is the
// store.
void AddObjectRoutes(Router& router, const Services& services);

// Parts of it, for the routes that only pods have.
Reply UpdateObject(const Services& services, const ServedKind& kind, const Request& request);
Reply PatchObject(const Services& services, const ServedKind& kind, const Request& request);
Reply DeleteObject(const Services& services, const ServedKind& kind, const Request& request);
// Deletes what the selectors match, one after the other; the answer lists what was deleted.
Reply DeleteMatching(const Services& services, const ServedKind& kind, const Request& request);

// An object as JSON or, when the Accept header asks, as a Table of one row.
Reply ObjectReply(const Request& request, const ServedKind& kind, int code,
                  const store::Object& object);

// A list of the kind, as of a resource version.
Reply ObjectListReply(const ServedKind& kind, const std::string& version,
                      const std::vector<store::Object>& objects);

store::Key KeyOf(const ServedKind& kind, const Request& request);

// `pods "x" not found`, `pods "x" already exists`, with details; other errors as they are.
Reply StoreErrorReply(const ServedKind& kind, const std::string& name, const Error& error);

}  // namespace caisson::api
