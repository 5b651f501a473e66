// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "agent/pod_spec/field_error.h"

namespace caisson::pod_spec {

// Kubernetes' Status: what every refusal looks like on the wire.
// Source: k8s.io/apimachinery/pkg/apis/meta/v1, Status; pkg/api/errors.
struct ApiStatus {
  int code = 500;
  std::string reason;  // NotFound, AlreadyExists, Invalid, BadRequest...
  std::string message;
  std::string name;  // of the object, or empty
  std::string kind;  // of the object: "pods", or "Pod" with Invalid
  FieldErrors causes;
};

nlohmann::json EncodeStatus(const ApiStatus& status);

ApiStatus BadRequestStatus(std::string message);
ApiStatus NotFoundStatus(const std::string& resource, const std::string& name);
// `Pod "x" is invalid: spec.containers: Required value`
ApiStatus InvalidStatus(const std::string& kind, const std::string& name, FieldErrors causes);

// The reason that goes with a code when there is no better one.
std::string ReasonOf(int code);

}  // namespace caisson::pod_spec
