// SPDX-License-Identifier: Apache-2.0
#include "agent/api/object_create.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>

#include "agent/api/object_routes.h"
#include "agent/pod_spec/no_effect.h"
#include "agent/pod_spec/pod_status.h"
#include "agent/store/uuid.h"

namespace caisson::api {

using nlohmann::json;
using pod_spec::ApiStatus;
using pod_spec::BadRequestStatus;

namespace {

// Letters that cannot form words, as Kubernetes appends to metadata.generateName.
std::string RandomSuffix() {
  constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::random_device device;
  std::string suffix;
  for (int i = 0; i < 5; ++i) suffix.push_back(kLetters[device() % kLetters.size()]);
  return suffix;
}

// What only the server may say is taken out; the name and the namespace are put in.
std::optional<ApiStatus> SetIdentity(const ServedKind& kind, const Request& request, json& object) {
  json& meta = object["metadata"];
  if (!meta.is_object()) meta = json::object();
  if (!meta.value("resourceVersion", "").empty())
    return BadRequestStatus("metadata.resourceVersion: should not be set on objects to be created");
  for (const char* field : {"uid", "creationTimestamp", "deletionTimestamp", "selfLink",
                            "deletionGracePeriodSeconds", "generation", "managedFields"})
    meta.erase(field);
  object.erase("status");
  if (kind.info().namespaced) {
    const std::string ns = request.Param("ns");
    const std::string given = meta.value("namespace", "");
    if (!given.empty() && given != ns)
      return BadRequestStatus(
          StrCat("metadata.namespace: the namespace of the provided object does not match the "
                 "namespace sent on the request (\"",
                 given, "\" != \"", ns, "\")"));
    meta["namespace"] = ns;
  }
  const std::string prefix = meta.value("generateName", "");
  if (meta.value("name", "").empty() && !prefix.empty())
    meta["name"] = prefix.substr(0, 58) + RandomSuffix();
  return std::nullopt;
}

void SetFirstPodStatus(json& pod) {
  const auto decoded = pod_spec::DecodePod(std::make_shared<const json>(pod));
  pod_spec::PodStatus status;
  if (decoded) status.qos_class = pod_spec::QosClassOf(decoded->spec);
  pod["status"] = pod_spec::EncodePodStatus(status);
}

}  // namespace

bool IsDryRun(const Request& request) { return request.Query("dryRun") == "All"; }

Outcome<Body> AdmitNew(const Services& services, const ServedKind& kind, const Request& request) {
  const std::string ns = request.Param("ns");
  if (kind.info().namespaced && !services.store.Get({store::Kind::kNamespace, "", ns}))
    return pod_spec::NotFoundStatus("namespaces", ns);
  auto validation = FieldValidationOf(request);
  if (!validation) return validation.refusal();
  auto body = ReadBody(request);
  if (!body) return body.refusal();
  auto checked = CheckBody(*std::move(body), kind.info().name, *validation);
  if (!checked) return checked.refusal();
  json& object = *checked->value;
  if (const auto refusal = SetIdentity(kind, request, object)) return *refusal;
  kind.set_defaults(object, services.node_name);
  pod_spec::FieldErrors errors;
  kind.validate(object, errors);
  const std::string name = object["metadata"].value("name", "");
  if (kind.kind == store::Kind::kPod) {
    const std::string node = object["spec"].value("nodeName", "");
    if (node != services.node_name)
      errors.Invalid("spec.nodeName", node,
                     StrCat("this agent runs pods of node \"", services.node_name, "\" only"));
    if (object["spec"].contains("ephemeralContainers"))
      errors.Forbidden("spec.ephemeralContainers", "cannot be set on create");
    pod_spec::RefuseUnkeptPromises(object, errors);
  }
  if (!errors.empty())
    return pod_spec::InvalidStatus(std::string(kind.info().name), name, std::move(errors));
  if (kind.kind == store::Kind::kPod) {
    SetFirstPodStatus(object);
    std::ranges::move(pod_spec::FieldsWithoutEffect(object), std::back_inserter(checked->warnings));
  }
  return checked;
}

Reply CreateObject(const Services& services, const ServedKind& kind, const Request& request) {
  auto body = AdmitNew(services, kind, request);
  if (!body) return StatusReply(body.refusal());
  json& object = *body->value;
  const std::string name = object["metadata"].value("name", "");
  if (IsDryRun(request)) {
    if (services.store.Get({kind.kind, request.Param("ns"), name}))
      return StoreErrorReply(kind, name,
                             Error(Code::kAlreadyExists,
                                   StrCat(kind.info().resource, " \"", name, "\" already exists")));
    object["metadata"]["uid"] = store::NewUuid();
    object["metadata"]["creationTimestamp"] = pod_spec::FormatTime(pod_spec::NowTime());
    Reply reply = JsonReply(201, object);
    AddWarnings(reply, body->warnings);
    return reply;
  }
  const auto created = services.store.Create(kind.kind, std::move(object));
  if (!created) return StoreErrorReply(kind, name, created.error());
  Reply reply = ObjectReply(request, kind, 201, *created);
  AddWarnings(reply, body->warnings);
  return reply;
}

Outcome<DeleteOptions> ReadDeleteOptions(const Request& request) {
  DeleteOptions options;
  options.dry_run = IsDryRun(request);
  if (const auto text = request.Query("gracePeriodSeconds")) {
    options.grace_seconds = ParseInt<std::int64_t>(*text);
    if (!options.grace_seconds)
      return BadRequestStatus(StrCat("gracePeriodSeconds: Invalid value: \"", *text, "\""));
  }
  if (!Trim(request.body).empty()) {
    auto body = ReadBody(request);
    if (!body) return body.refusal();
    json& value = *body->value;
    // Clients name the group of the object to delete here; only the fields count.
    if (value.is_object()) value["apiVersion"] = "v1";
    auto checked = CheckBody(*std::move(body), "DeleteOptions", FieldValidation::kStrict);
    if (!checked) return checked.refusal();
    const json& fields = *checked->value;
    if (fields.contains("gracePeriodSeconds"))
      options.grace_seconds = fields["gracePeriodSeconds"].get<std::int64_t>();
    if (fields.contains("preconditions") && fields["preconditions"].contains("uid"))
      options.uid = fields["preconditions"]["uid"].get<std::string>();
    if (fields.contains("dryRun") && !fields["dryRun"].empty()) options.dry_run = true;
  }
  if (options.grace_seconds.value_or(0) < 0) {
    pod_spec::FieldErrors errors;
    errors.Invalid("gracePeriodSeconds", *options.grace_seconds,
                   "must be greater than or equal to 0");
    return pod_spec::InvalidStatus("DeleteOptions", "", std::move(errors));
  }
  return options;
}

std::optional<ApiStatus> CheckNamespaceEmpty(const Services& services, const std::string& ns) {
  if (ns == "default")
    return ApiStatus{403, "Forbidden",
                     "namespaces \"default\" is forbidden: this namespace may not be deleted", ns,
                     "namespaces"};
  for (const store::Kind kind :
       {store::Kind::kPod, store::Kind::kConfigMap, store::Kind::kSecret}) {
    const auto list = services.store.ListAll(kind, ns);
    if (!list.objects.empty())
      return ApiStatus{409, "Conflict",
                       StrCat("namespaces \"", ns, "\" still holds ", list.objects.size(), " ",
                              store::InfoOf(kind).resource, " (try: delete them first)"),
                       ns, "namespaces"};
  }
  return std::nullopt;
}

}  // namespace caisson::api
