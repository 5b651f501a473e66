// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "agent/api/reply.h"
#include "agent/api/request.h"

namespace caisson::api {

// Longest body of an ordinary request. Source: kube-apiserver's limit of 3 MiB.
inline constexpr std::size_t kMaxBodyBytes = std::size_t{3} << 20;

struct Body {
  std::shared_ptr<nlohmann::json> value;  // never null
  std::vector<std::string> warnings;      // for "Warning: 299" headers
};

// What to do with unknown and duplicate fields. Source: the query parameter fieldValidation.
enum class FieldValidation { kIgnore, kWarn, kStrict };
Outcome<FieldValidation> FieldValidationOf(const Request& request);

// The body as JSON, by its content type: JSON, YAML, or (for a few types) protobuf.
// Refusals: 400 malformed, 415 another content type.
Outcome<Body> ReadBody(const Request& request);

// Holds a document against its type: kind and apiVersion, wrong types, unknown fields.
// Refusals: 400, worded as Kubernetes does, naming the field.
Outcome<Body> CheckBody(Body body, std::string_view type, FieldValidation validation);

// Puts warnings into the reply's headers.
void AddWarnings(Reply& reply, const std::vector<std::string>& warnings);

}  // namespace caisson::api
