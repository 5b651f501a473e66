// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/pod_spec/validate.h"
#include "agent/pod_spec/validate_parts.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

// The spec without what may change, so that the rest can be compared whole.
json Frozen(json spec) {
  for (const char* list : {"containers", "initContainers"}) {
    const auto containers = spec.find(list);
    if (containers == spec.end()) continue;
    for (json& container : *containers) container.erase("image");
  }
  for (const char* field :
       {"activeDeadlineSeconds", "terminationGracePeriodSeconds", "tolerations"})
    spec.erase(field);
  return spec;
}

bool KeepsAll(const json& before, const json& after) {
  for (const json& item : before) {
    if (std::find(after.begin(), after.end(), item) == after.end()) return false;
  }
  return true;
}

}  // namespace

void ValidatePodUpdate(const json& before, const json& after, FieldErrors& errors) {
  for (const char* field : {"name", "namespace", "uid"}) {
    const std::string old_value = TextOf(before["metadata"], field);
    const std::string new_value = TextOf(after["metadata"], field);
    if (old_value != new_value)
      errors.Invalid(std::string("metadata.") + field, new_value, "field is immutable");
  }
  const json& old_spec = before["spec"];
  const json& new_spec = after["spec"];
  const bool frozen_differs = Frozen(old_spec) != Frozen(new_spec);
  if (frozen_differs || !KeepsAll(ListOf(old_spec, "tolerations"), ListOf(new_spec, "tolerations")))
    errors.Forbidden(
        "spec",
        "pod updates may not change fields other than "
        "`spec.containers[*].image`,`spec.initContainers[*].image`,"
        "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing "
        "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if "
        "it was previously negative)");
  if (old_spec.contains("activeDeadlineSeconds")) {
    const std::int64_t old_limit = NumberOf(old_spec, "activeDeadlineSeconds");
    if (!new_spec.contains("activeDeadlineSeconds"))
      errors.Invalid("spec.activeDeadlineSeconds", "",
                     "must not update from a positive integer to nil value");
    else if (NumberOf(new_spec, "activeDeadlineSeconds") > old_limit)
      errors.Invalid("spec.activeDeadlineSeconds", new_spec["activeDeadlineSeconds"],
                     "must be less than or equal to previous value");
  }
}

}  // namespace caisson::pod_spec
