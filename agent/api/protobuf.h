// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "runtime/base/error.h"

namespace caisson::api {

// Body of type application/vnd.kubernetes.protobuf as JSON, for kinds that kubectl sends so:
// Namespace, ConfigMap, Secret, SelfSubjectAccessReview, SelfSubjectReview, DeleteOptions.
// Errors: kUnsupported for another kind; kInvalidSpec for a broken message.
// Source: k8s.io/apimachinery/pkg/runtime/generated.proto (Unknown), core/v1/generated.proto.
Result<nlohmann::json> DecodeProtobuf(std::string_view bytes);

}  // namespace caisson::api
