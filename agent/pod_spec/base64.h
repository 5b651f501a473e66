// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace caisson::pod_spec {

std::string EncodeBase64(std::string_view bytes);

}  // namespace caisson::pod_spec
