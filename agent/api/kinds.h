// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "agent/pod_spec/validate.h"
#include "agent/store/object.h"

namespace caisson::api {

// How one kind of object is served. The routes, discovery and the OpenAPI document come from this.
struct ServedKind {
  store::Kind kind;
  std::string_view singular;
  std::vector<std::string_view> short_names;
  std::vector<std::string_view> categories;
  std::vector<std::string_view> verbs;
  pod_spec::NameRule name_rule;
  void (*set_defaults)(nlohmann::json& object, const std::string& node_name);
  void (*validate)(const nlohmann::json& object, pod_spec::FieldErrors& errors);
  void (*validate_update)(const nlohmann::json& before, const nlohmann::json& after,
                          pod_spec::FieldErrors& errors);

  const store::KindInfo& info() const { return store::InfoOf(kind); }
  bool Allows(std::string_view verb) const;
};

const std::vector<ServedKind>& ServedKinds();
const ServedKind& ServedKindOf(store::Kind kind);

}  // namespace caisson::api
