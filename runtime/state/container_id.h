// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "runtime/base/error.h"

namespace caisson::state {

// Whether `id` can name a container: letters, digits, '_', '+', ',', '-' and '.', at most 255 of
// them, and neither "." nor "..". It becomes a directory's name.
// Errors: kInvalidSpec.
// Source: runc's pattern for ids.
Status CheckId(std::string_view id);

}  // namespace caisson::state
