// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/api/kinds.h"
#include "agent/api/reply.h"
#include "agent/api/request.h"
#include "agent/pod_spec/selector.h"
#include "agent/pod_spec/table.h"
#include "agent/store/object.h"

namespace caisson::api {

// What the query and the Accept header of a list or watch ask for.
struct ListRequest {
  std::string ns;  // empty: all
  pod_spec::LabelSelector labels;
  pod_spec::FieldSelector fields;
  bool as_table = false;
  pod_spec::IncludeObject include = pod_spec::IncludeObject::kMetadata;
  bool watch = false;
  std::uint64_t resource_version = 0;
  bool bookmarks = false;
  bool initial_events = false;
  std::optional<std::int64_t> timeout_seconds;

  bool MatchesAll() const { return labels.empty() && fields.empty(); }
  bool Matches(const nlohmann::json& document) const {
    return labels.Matches(document) && fields.Matches(document);
  }
};
// Refusals: 400 naming the parameter.
Outcome<ListRequest> ParseListRequest(const Request& request, const ServedKind& kind);

bool WantsTable(const Request& request);

}  // namespace caisson::api
