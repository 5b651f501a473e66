// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "runtime/spec/id_mapping.h"

// Annotations of config.json that change what this runtime does. All others are only kept.
namespace caisson::spec {

// runc's and crun's: the rest of the key names a property of the systemd unit, the value is
// GVariant text. Only with the systemd driver.
inline constexpr std::string_view kSystemdPropertyPrefix = "org.systemd.property.";

// crun's, set by podman's --group-add keep-groups: "1" keeps the supplementary groups of the
// runtime's caller; process.user.additionalGids then does not count.
inline constexpr std::string_view kKeepOriginalGroups = "run.oci.keep_original_groups";

inline bool KeepsOriginalGroups(const StringMap& annotations) {
  const auto found = annotations.find(kKeepOriginalGroups);
  return found != annotations.end() && found->second == "1";
}

}  // namespace caisson::spec
