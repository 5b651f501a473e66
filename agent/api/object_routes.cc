// SPDX-License-Identifier: Apache-2.0
#include "agent/api/object_routes.h"

#include <nlohmann/json.hpp>

#include "agent/api/list_request.h"
#include "agent/api/object_create.h"
#include "agent/api/watch.h"

namespace caisson::api {
namespace {

using nlohmann::json;

Reply GetObject(const Services& services, const ServedKind& kind, const Request& request) {
  const store::Key key = KeyOf(kind, request);
  const auto object = services.store.Get(key);
  if (!object) return StoreErrorReply(kind, key.name, object.error());
  return ObjectReply(request, kind, 200, *object);
}

Reply ListReply(const Services& services, const ServedKind& kind, const ListRequest& request) {
  const store::List list = services.store.ListAll(kind.kind, request.ns);
  const std::string version = std::to_string(list.resource_version);
  if (request.as_table) {
    std::vector<std::shared_ptr<const json>> documents;
    for (const store::Object& object : list.objects) {
      if (request.Matches(*object.document)) documents.push_back(object.document);
    }
    return JsonReply(200, pod_spec::MakeTable({kind.info().name, version, request.include,
                                               /*columns=*/true, pod_spec::NowTime()},
                                              documents));
  }
  std::vector<store::Object> matching;
  for (const store::Object& object : list.objects) {
    if (request.Matches(*object.document)) matching.push_back(object);
  }
  return ObjectListReply(kind, version, matching);
}

Reply ListOrWatch(const Services& services, const ServedKind& kind, const Request& request) {
  auto parsed = ParseListRequest(request, kind);
  if (!parsed) return StatusReply(parsed.refusal());
  if (parsed->watch) return WatchReply(services.store, kind, *std::move(parsed));
  return ListReply(services, kind, *parsed);
}

}  // namespace

store::Key KeyOf(const ServedKind& kind, const Request& request) {
  return {kind.kind, request.Param("ns"), request.Param("name")};
}

Reply StoreErrorReply(const ServedKind& kind, const std::string& name, const Error& error) {
  pod_spec::ApiStatus status = StatusOf(error);
  if (status.code >= 500) return ErrorReply(error);
  status.name = name;
  status.kind = kind.info().resource;
  return StatusReply(status);
}

Reply ObjectReply(const Request& request, const ServedKind& kind, int code,
                  const store::Object& object) {
  if (!WantsTable(request)) return {code, "application/json", *object.text + "\n"};
  const bool whole = request.Query("includeObject") == "Object";
  return JsonReply(
      code, pod_spec::MakeTable(
                {kind.info().name, std::to_string(object.resource_version),
                 whole ? pod_spec::IncludeObject::kObject : pod_spec::IncludeObject::kMetadata,
                 /*columns=*/true, pod_spec::NowTime()},
                {object.document}));
}

// Written out piece by piece: one copy of a large list less.
Reply ObjectListReply(const ServedKind& kind, const std::string& version,
                      const std::vector<store::Object>& objects) {
  std::string body = StrCat("{\"kind\":\"", kind.info().name,
                            "List\",\"apiVersion\":\"v1\",\"metadata\":{\"resourceVersion\":\"",
                            version, "\"},\"items\":[");
  bool first = true;
  for (const store::Object& object : objects) {
    if (!first) body.push_back(',');
    first = false;
    body += *object.text;
  }
  return {200, "application/json", body + "]}\n"};
}

void AddObjectRoutes(Router& router, const Services& services) {
  for (const ServedKind& kind : ServedKinds()) {
    const auto bind = [&services, &kind](auto* handler) -> Handler {
      return [&services, &kind, handler](const Request& request) {
        return handler(services, kind, request);
      };
    };
    const std::string resource(kind.info().resource);
    const std::string all = "/api/v1/" + resource;
    const std::string list = kind.info().namespaced ? "/api/v1/namespaces/{ns}/" + resource : all;
    const std::string one = list + "/{name}";
    if (kind.info().namespaced) router.Add("GET", all, bind(ListOrWatch));
    router.Add("GET", list, bind(ListOrWatch));
    router.Add("GET", one, bind(GetObject));
    if (kind.Allows("create")) router.Add("POST", list, bind(CreateObject));
    if (kind.Allows("update")) router.Add("PUT", one, bind(UpdateObject));
    if (kind.Allows("patch")) router.Add("PATCH", one, bind(PatchObject));
    if (kind.Allows("delete")) router.Add("DELETE", one, bind(DeleteObject));
    if (kind.Allows("deletecollection")) router.Add("DELETE", list, bind(DeleteMatching));
  }
}

}  // namespace caisson::api
