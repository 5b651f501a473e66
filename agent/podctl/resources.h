// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace caisson::podctl {

// A kind of object by any of its names: "po", "pod", "pods", "Pod".
struct ResourceName {
  std::string_view plural;
  std::string_view singular;
  std::string_view kind;
  bool namespaced;

  // "/api/v1/namespaces/NS/pods[/NAME]"; an empty namespace means all.
  std::string Path(const std::string& ns, const std::string& name = {}) const;
};
// Errors: kInvalidSpec listing what there is.
Result<ResourceName> FindResource(std::string_view name);

}  // namespace caisson::podctl
