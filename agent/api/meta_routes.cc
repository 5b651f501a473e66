// SPDX-License-Identifier: Apache-2.0
#include "agent/api/meta_routes.h"

#include <nlohmann/json.hpp>

#include "agent/api/body.h"

namespace caisson::api {
namespace {

using nlohmann::json;

// The release of Kubernetes whose API this one follows: clients choose their behaviour by it.
constexpr const char* kMajor = "1";
constexpr const char* kMinor = "32";
constexpr const char* kPatch = "5";

json VersionDocument(const Services& services) {
  return {
      {"major", kMajor},
      {"minor", kMinor},
      {"gitVersion", StrCat("v", kMajor, ".", kMinor, ".", kPatch, "+caisson.", services.version)},
      {"gitCommit", services.revision},
      {"gitTreeState", "clean"},
      {"buildDate", "1970-01-01T00:00:00Z"},
      {"goVersion", "none"},
      {"compiler", StrCat("g++ ", __VERSION__)},
      {"platform", "linux/amd64"}};
}

Reply Health(const Services& services) {
  if (services.ready == nullptr) return TextReply(200, "ok");
  const Status ready = services.ready();
  return ready ? TextReply(200, "ok") : TextReply(503, ready.error().ToString() + "\n");
}

Reply Metrics(const Services& services, const Request& request) {
  if (services.metrics == nullptr)
    return StatusReply({404, "NotFound", "no metrics are collected"});
  std::string path;
  for (const std::string& segment : request.path) path += "/" + segment;
  const MetricsPage page = services.metrics(path, request.Header("accept"));
  return {200, page.content_type, page.text};
}

// Whoever can reach this API may do all of it: the socket's mode and the loopback guard it.
Reply AccessReview(const Request& request) {
  auto body = ReadBody(request);
  if (!body) return StatusReply(body.refusal());
  json review = *body->value;
  if (!review.is_object())
    return StatusReply(
        pod_spec::BadRequestStatus("request body: expected a SelfSubjectAccessReview"));
  review["kind"] = "SelfSubjectAccessReview";
  review["apiVersion"] = "authorization.k8s.io/v1";
  review["status"] = {{"allowed", true}};
  return JsonReply(201, review);
}

Reply SubjectReview() {
  return JsonReply(201,
                   {{"kind", "SelfSubjectReview"},
                    {"apiVersion", "authentication.k8s.io/v1"},
                    {"metadata", json::object()},
                    {"status",
                     {{"userInfo",
                       {{"username", "root"},
                        {"groups", json::array({"system:masters", "system:authenticated"})}}}}}});
}

}  // namespace

void AddMetaRoutes(Router& router, const Services& services) {
  const std::string version = Dump(VersionDocument(services));
  router.Add("GET", "/version", [version](const Request&) {
    return Reply{200, "application/json", version};
  });
  router.Add("GET", "/livez", [](const Request&) { return TextReply(200, "ok"); });
  router.Add("GET", "/healthz", [](const Request&) { return TextReply(200, "ok"); });
  router.Add("GET", "/readyz", [&services](const Request&) { return Health(services); });
  for (const char* path : {"/metrics", "/metrics/cadvisor", "/metrics/resource"}) {
    router.Add("GET", path,
               [&services](const Request& request) { return Metrics(services, request); });
  }
  router.Add("GET", "/stats/summary", [&services](const Request&) {
    if (services.stats_summary == nullptr)
      return StatusReply({404, "NotFound", "no statistics are collected"});
    return JsonReply(200, services.stats_summary());
  });
  router.Add("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", AccessReview);
  router.Add("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews",
             [](const Request&) { return SubjectReview(); });
}

}  // namespace caisson::api
