// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "agent/api/kinds.h"
#include "agent/api/list_request.h"
#include "agent/api/reply.h"
#include "agent/store/store.h"

namespace caisson::api {

// A stream of changes, one JSON object a line. An object that begins or stops to match the
// selectors comes as ADDED or DELETED. Refusals: 410 when the version asked for is no longer held.
Reply WatchReply(store::Store& store, const ServedKind& kind, ListRequest request);

}  // namespace caisson::api
