// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "agent/pod_spec/field_error.h"

namespace caisson::pod_spec {

// What a valid, defaulted pod asks for and this agent keeps in the document but does not do: one
// sentence for each such field, by its path. For "Warning" headers: nobody shall rely on a probe
// that nobody runs.
std::vector<std::string> FieldsWithoutEffect(const nlohmann::json& pod);

// The same for what must not be left out in silence, because the pod would be less isolated than
// its author believes: such a pod is refused.
void RefuseUnkeptPromises(const nlohmann::json& pod, FieldErrors& errors);

}  // namespace caisson::pod_spec
