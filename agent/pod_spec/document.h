// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::pod_spec {

// Bounds on what a body may cost before anything is known about it.
inline constexpr std::size_t kMaxDepth = 100;
inline constexpr std::size_t kMaxNodes = 500'000;  // values in one document, aliases written out

struct ParsedDocument {
  std::shared_ptr<nlohmann::json> value;      // never null
  std::vector<std::string> duplicate_fields;  // "spec.nodeName"
};

// JSON text to a document. Keys that occur twice in one object are told by their path; the last one
// counts. Errors: kInvalidSpec with line and column; deeper than kMaxDepth, more than kMaxNodes.
Result<ParsedDocument> ParseJson(std::string_view text);

// YAML text to documents, one for each "---" part that is not empty. Scalars follow YAML 1.2's core
// schema, but a whole number with a leading zero is octal, as in Kubernetes (defaultMode: 0644).
// Aliases are written out and count against kMaxNodes, so they cannot grow without bound.
// Errors: kInvalidSpec with line and column.
Result<std::vector<ParsedDocument>> ParseYaml(std::string_view text);

}  // namespace caisson::pod_spec
