// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "runtime/base/error.h"

namespace caisson::pod_spec {

// A changed copy of `object`; the result is not yet checked against its type.
// Errors: kInvalidSpec when the patch is not of its form or does not fit.

// Source: RFC 7386.
Result<nlohmann::json> ApplyMergePatch(const nlohmann::json& object, const nlohmann::json& patch);

// Source: RFC 6902.
Result<nlohmann::json> ApplyJsonPatch(const nlohmann::json& object, const nlohmann::json& patch);

// Lists of objects are joined by the merge key that the schema of `type` names; the directives
// $patch, $retainKeys, $setElementOrder/F and $deleteFromPrimitiveList/F are followed.
// Source: Kubernetes, "strategic merge patch" (sig-api-machinery/strategic-merge-patch.md).
Result<nlohmann::json> ApplyStrategicPatch(const nlohmann::json& object,
                                           const nlohmann::json& patch, std::string_view type);

}  // namespace caisson::pod_spec
