// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace caisson::pod_spec {

std::string EncodeBase64(std::string_view bytes);

// The standard alphabet with padding, as EncodeBase64 writes it; nothing for any other text.
std::optional<std::string> DecodeBase64(std::string_view text);

}  // namespace caisson::pod_spec
