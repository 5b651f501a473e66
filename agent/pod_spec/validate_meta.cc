// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/pod_spec/names.h"
#include "agent/pod_spec/validate.h"
#include "agent/pod_spec/validate_parts.h"
#include "runtime/base/strings.h"

namespace caisson::pod_spec {

using nlohmann::json;

void ValidateMetadata(const json& object, NameRule rule, bool namespaced, FieldErrors& errors) {
  constexpr std::size_t kMaxAnnotationBytes = std::size_t{256} << 10;
  const auto meta = object.find("metadata");
  if (meta == object.end())
    return errors.Required("metadata.name", "name or generateName is required");
  const std::string name = TextOf(*meta, "name");
  if (name.empty()) {
    errors.Required("metadata.name", "name or generateName is required");
  } else {
    errors.Check("metadata.name", name,
                 rule == NameRule::kDnsLabel ? CheckDnsLabel(name) : CheckDnsSubdomain(name));
  }
  const std::string ns = TextOf(*meta, "namespace");
  if (namespaced && ns.empty()) errors.Required("metadata.namespace");
  if (namespaced && !ns.empty()) errors.Check("metadata.namespace", ns, CheckDnsLabel(ns));
  if (!namespaced && !ns.empty())
    errors.Forbidden("metadata.namespace", "not allowed on this type");

  if (const auto labels = meta->find("labels"); labels != meta->end()) {
    for (const auto& [key, value] : labels->items()) {
      errors.Check("metadata.labels", key, CheckQualifiedName(key));
      const auto& text = value.get_ref<const std::string&>();
      errors.Check("metadata.labels", text, CheckLabelValue(text));
    }
  }
  if (const auto annotations = meta->find("annotations"); annotations != meta->end()) {
    std::size_t bytes = 0;
    for (const auto& [key, value] : annotations->items()) {
      errors.Check("metadata.annotations", key, CheckQualifiedName(key));
      bytes += key.size() + value.get_ref<const std::string&>().size();
    }
    if (bytes > kMaxAnnotationBytes) errors.TooLong("metadata.annotations", kMaxAnnotationBytes);
  }
}

void ValidateConfigData(const json& object, FieldErrors& errors) {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  std::size_t bytes = 0;
  for (const char* map : {"data", "binaryData"}) {
    const auto at = object.find(map);
    if (at == object.end()) continue;
    for (const auto& [key, value] : at->items()) {
      errors.Check(StrCat(map, "[", key, "]"), key, CheckConfigKey(key));
      bytes += key.size() + value.get_ref<const std::string&>().size();
    }
  }
  if (bytes > kMaxBytes) errors.TooLong("data", kMaxBytes);
}

}  // namespace caisson::pod_spec
