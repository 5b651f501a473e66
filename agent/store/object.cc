// SPDX-License-Identifier: Apache-2.0
#include "agent/store/object.h"

#include <array>

namespace caisson::store {

const KindInfo& InfoOf(Kind kind) {
  static constexpr std::array<KindInfo, kKindCount> kKinds{{
      {"Pod", "pods", true, true},
      {"ConfigMap", "configmaps", true, true},
      {"Secret", "secrets", true, true},
      {"Namespace", "namespaces", false, true},
      {"Node", "nodes", false, false},
      {"Event", "events", true, false},
  }};
  return kKinds[static_cast<std::size_t>(kind)];
}

}  // namespace caisson::store
