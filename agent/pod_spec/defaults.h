// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace caisson::pod_spec {

// Fills in what Kubernetes' API server would: clients rely on it (kubectl debug reads
// spec.securityContext unasked, describe prints a port's protocol). The document must have passed
// ConformToType. Source: k8s.io/kubernetes/pkg/apis/core/v1/defaults.go.
void SetPodDefaults(nlohmann::json& pod, const std::string& node_name);

// stringData into data for a Secret, and its type.
void SetSecretDefaults(nlohmann::json& secret);

}  // namespace caisson::pod_spec
