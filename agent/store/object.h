// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <tuple>

#include "agent/pod_spec/pod.h"

namespace caisson::store {

enum class Kind { kPod, kConfigMap, kSecret, kNamespace, kNode, kEvent };
inline constexpr int kKindCount = 6;

// "Pod", "pods", and whether it lives in a namespace.
struct KindInfo {
  std::string_view name;
  std::string_view resource;
  bool namespaced;
  bool durable;  // kept under the data directory; others live in memory
};
const KindInfo& InfoOf(Kind kind);

struct Key {
  Kind kind = Kind::kPod;
  std::string ns;  // empty for kinds outside namespaces
  std::string name;
  friend bool operator==(const Key&, const Key&) = default;
  friend auto operator<=>(const Key&, const Key&) = default;
};

// One version of one object. Immutable and shared: copy freely, read from any thread.
struct Object {
  Key key;
  std::string uid;
  std::uint64_t resource_version = 0;
  std::shared_ptr<const nlohmann::json> document;  // whole, with metadata.resourceVersion
  std::shared_ptr<const std::string> text;         // the document as JSON text, as clients get it
  std::shared_ptr<const pod_spec::Pod> pod;        // set for Kind::kPod
};

enum class ChangeType { kAdded, kModified, kDeleted };

// One entry of the feed. For kDeleted `object` is the last version, with the deletion's own
// resource version. `previous` lets a selector tell "started to match" from "changed".
struct Change {
  ChangeType type = ChangeType::kAdded;
  std::uint64_t resource_version = 0;
  Object object;
  std::shared_ptr<const std::string> previous;  // as JSON text; null for kAdded
};

}  // namespace caisson::store
