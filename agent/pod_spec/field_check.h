// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::pod_spec {

// Brings a document into the form of its type: unknown fields and nulls are taken out, bare numbers
// become quantity strings. Returns the paths of the unknown fields ("spec.containers[0].foo").
// Errors: kInvalidSpec naming the field when a value has the wrong type.
Result<std::vector<std::string>> ConformToType(nlohmann::json& document, std::string_view type);

}  // namespace caisson::pod_spec
