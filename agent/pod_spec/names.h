// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace caisson::pod_spec {

// Checks of names in the words of Kubernetes: empty when the text is valid, else what it must be.
// Source: k8s.io/apimachinery/pkg/util/validation.
std::string CheckDnsLabel(std::string_view text);       // RFC 1123 label: "my-name", at most 63
std::string CheckDnsSubdomain(std::string_view text);   // "example.com", at most 253
std::string CheckQualifiedName(std::string_view text);  // label keys: "example.com/my-name"
std::string CheckLabelValue(std::string_view text);
std::string CheckEnvName(std::string_view text);
std::string CheckConfigKey(std::string_view text);  // keys of a ConfigMap or Secret
std::string CheckPortName(std::string_view text);

bool IsIpAddress(std::string_view text);
bool IsBase64(std::string_view text);

}  // namespace caisson::pod_spec
