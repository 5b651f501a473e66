// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "agent/pod_spec/field_error.h"

namespace caisson::pod_spec {

// What is wrong with an object that passed ConformToType and the defaults, in Kubernetes' words.
// Source: k8s.io/kubernetes/pkg/apis/core/validation.

enum class NameRule { kDnsSubdomain, kDnsLabel };
void ValidateMetadata(const nlohmann::json& object, NameRule rule, bool namespaced,
                      FieldErrors& errors);
void ValidatePod(const nlohmann::json& pod, FieldErrors& errors);
// ConfigMap and Secret: keys and size.
void ValidateConfigData(const nlohmann::json& object, FieldErrors& errors);

// A new version of a pod against the stored one: only images, activeDeadlineSeconds,
// terminationGracePeriodSeconds and added tolerations may differ in the spec.
void ValidatePodUpdate(const nlohmann::json& before, const nlohmann::json& after,
                       FieldErrors& errors);

}  // namespace caisson::pod_spec
