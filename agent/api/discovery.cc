// SPDX-License-Identifier: Apache-2.0
#include "agent/api/discovery.h"

#include <nlohmann/json.hpp>

#include "agent/api/kinds.h"

namespace caisson::api {
namespace {

using nlohmann::json;

json Resource(const std::string& name, bool namespaced, std::string_view kind,
              const std::vector<std::string_view>& verbs) {
  return {{"name", name},
          {"singularName", ""},
          {"namespaced", namespaced},
          {"kind", kind},
          {"verbs", verbs}};
}

json ResourceList(const std::string& version, json resources) {
  return {{"kind", "APIResourceList"},
          {"apiVersion", "v1"},
          {"groupVersion", version},
          {"resources", std::move(resources)}};
}

json CoreResources() {
  json resources = json::array();
  for (const ServedKind& kind : ServedKinds()) {
    json resource = Resource(std::string(kind.info().resource), kind.info().namespaced,
                             kind.info().name, kind.verbs);
    resource["singularName"] = kind.singular;
    if (!kind.short_names.empty()) resource["shortNames"] = kind.short_names;
    if (!kind.categories.empty()) resource["categories"] = kind.categories;
    resources.push_back(std::move(resource));
  }
  resources.push_back(Resource("pods/log", true, "Pod", {"get"}));
  resources.push_back(Resource("pods/status", true, "Pod", {"get"}));
  json eviction = Resource("pods/eviction", true, "Eviction", {"create"});
  eviction["group"] = "policy";
  eviction["version"] = "v1";
  resources.push_back(std::move(eviction));
  return resources;
}

json Group(const std::string& name) {
  const json version{{"groupVersion", name + "/v1"}, {"version", "v1"}};
  return {{"name", name}, {"versions", json::array({version})}, {"preferredVersion", version}};
}

Handler Fixed(const json& document) {
  const std::string text = Dump(document) + "\n";
  return [text](const Request&) { return Reply{200, "application/json", text}; };
}

}  // namespace

void AddDiscoveryRoutes(Router& router) {
  router.Add("GET", "/api",
             Fixed({{"kind", "APIVersions"},
                    {"versions", json::array({"v1"})},
                    {"serverAddressByClientCIDRs", json::array()}}));
  router.Add("GET", "/apis",
             Fixed({{"kind", "APIGroupList"},
                    {"apiVersion", "v1"},
                    {"groups", json::array({Group("authorization.k8s.io"),
                                            Group("authentication.k8s.io")})}}));
  router.Add("GET", "/api/v1", Fixed(ResourceList("v1", CoreResources())));
  router.Add("GET", "/apis/authorization.k8s.io/v1",
             Fixed(ResourceList("authorization.k8s.io/v1",
                                json::array({Resource("selfsubjectaccessreviews", false,
                                                      "SelfSubjectAccessReview", {"create"})}))));
  router.Add(
      "GET", "/apis/authentication.k8s.io/v1",
      Fixed(ResourceList(
          "authentication.k8s.io/v1",
          json::array({Resource("selfsubjectreviews", false, "SelfSubjectReview", {"create"})}))));
}

}  // namespace caisson::api
