// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "agent/api/reply.h"
#include "agent/api/request.h"
#include "agent/store/object.h"

namespace caisson::api {

// What a request for a container's log asks for. Source: v1.PodLogOptions.
struct LogQuery {
  std::string container;
  bool follow = false;
  bool previous = false;
  bool timestamps = false;
  std::optional<std::int64_t> tail_lines;
  std::optional<std::int64_t> limit_bytes;
  std::string since;  // RFC 3339 with nanoseconds, UTC; lines before it are left out; may be empty
};

// Refusals: 400 naming the parameter, or the containers to choose from.
Outcome<LogQuery> ParseLogQuery(const Request& request, const store::Object& pod);

}  // namespace caisson::api
