// SPDX-License-Identifier: Apache-2.0
#include "agent/api/kinds.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/pod_spec/defaults.h"

namespace caisson::api {
namespace {

using nlohmann::json;
using pod_spec::FieldErrors;
using pod_spec::NameRule;

void NoDefaults(json& /*object*/, const std::string& /*node_name*/) {}
void NoUpdateRules(const json& /*before*/, const json& /*after*/, FieldErrors& /*errors*/) {}

void SecretDefaults(json& object, const std::string& /*node_name*/) {
  pod_spec::SetSecretDefaults(object);
}

void NamespaceDefaults(json& object, const std::string& /*node_name*/) {
  object["status"] = {{"phase", "Active"}};
  object["spec"] = {{"finalizers", json::array({"kubernetes"})}};
  // As Kubernetes: a selector can find a namespace by its name.
  object["metadata"]["labels"]["kubernetes.io/metadata.name"] =
      object["metadata"].value("name", "");
}

void CheckConfig(const json& object, FieldErrors& errors) {
  pod_spec::ValidateMetadata(object, NameRule::kDnsSubdomain, /*namespaced=*/true, errors);
  pod_spec::ValidateConfigData(object, errors);
}

void CheckNamespace(const json& object, FieldErrors& errors) {
  pod_spec::ValidateMetadata(object, NameRule::kDnsLabel, /*namespaced=*/false, errors);
}

void CheckNode(const json& object, FieldErrors& errors) {
  pod_spec::ValidateMetadata(object, NameRule::kDnsSubdomain, /*namespaced=*/false, errors);
}

void CheckEvent(const json& object, FieldErrors& errors) {
  pod_spec::ValidateMetadata(object, NameRule::kDnsSubdomain, /*namespaced=*/true, errors);
}

void ConfigUpdateRules(const json& before, const json& after, FieldErrors& errors) {
  if (!before.value("immutable", false)) return;
  for (const char* field : {"data", "binaryData", "immutable"}) {
    if (before.value(field, json()) != after.value(field, json()))
      errors.Forbidden(field, "field is immutable when `immutable` is set");
  }
}

}  // namespace

bool ServedKind::Allows(std::string_view verb) const {
  return std::find(verbs.begin(), verbs.end(), verb) != verbs.end();
}

const std::vector<ServedKind>& ServedKinds() {
  static const std::vector<std::string_view> all{"create", "delete", "deletecollection", "get",
                                                 "list",   "patch",  "update",           "watch"};
  static const std::vector<ServedKind> kinds{
      {store::Kind::kPod,
       "pod",
       {"po"},
       {"all"},
       all,
       NameRule::kDnsSubdomain,
       pod_spec::SetPodDefaults,
       pod_spec::ValidatePod,
       pod_spec::ValidatePodUpdate},
      {store::Kind::kConfigMap,
       "configmap",
       {"cm"},
       {},
       all,
       NameRule::kDnsSubdomain,
       NoDefaults,
       CheckConfig,
       ConfigUpdateRules},
      {store::Kind::kSecret,
       "secret",
       {},
       {},
       all,
       NameRule::kDnsSubdomain,
       SecretDefaults,
       CheckConfig,
       ConfigUpdateRules},
      {store::Kind::kNamespace,
       "namespace",
       {"ns"},
       {},
       {"create", "delete", "get", "list", "patch", "update", "watch"},
       NameRule::kDnsLabel,
       NamespaceDefaults,
       CheckNamespace,
       NoUpdateRules},
      {store::Kind::kNode,
       "node",
       {"no"},
       {},
       {"get", "list", "patch", "update", "watch"},
       NameRule::kDnsSubdomain,
       NoDefaults,
       CheckNode,
       NoUpdateRules},
      {store::Kind::kEvent,
       "event",
       {"ev"},
       {},
       {"get", "list", "watch"},
       NameRule::kDnsSubdomain,
       NoDefaults,
       CheckEvent,
       NoUpdateRules},
  };
  return kinds;
}

const ServedKind& ServedKindOf(store::Kind kind) {
  for (const ServedKind& served : ServedKinds()) {
    if (served.kind == kind) return served;
  }
  return ServedKinds().front();
}

}  // namespace caisson::api
