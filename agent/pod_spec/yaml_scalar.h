// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace caisson::pod_spec {

// A plain (unquoted) YAML scalar as the value it stands for: null, true, a number or a string.
// Source: YAML 1.2 core schema, section 10.3.2; octal "0644" as YAML 1.1 and Kubernetes.
nlohmann::json PlainScalar(const std::string& text);

}  // namespace caisson::pod_spec
