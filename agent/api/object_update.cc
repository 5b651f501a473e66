// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/api/body.h"
#include "agent/api/object_create.h"
#include "agent/api/object_routes.h"
#include "agent/pod_spec/patch.h"

namespace caisson::api {
namespace {

using nlohmann::json;
using pod_spec::ApiStatus;

// A change of one stored object, with what is needed to refuse it inside the store's update.
class Change {
 public:
  Change(const Services& services, const ServedKind& kind, const Request& request)
      : services_(services), kind_(kind), request_(request) {}

  // `apply` makes the wanted document of the current one.
  Reply Run(const std::function<Outcome<Body>(const json& current)>& apply) {
    const store::Key key = KeyOf(kind_, request_);
    if (IsDryRun(request_)) {
      const auto current = services_.store.Get(key);
      if (!current) return StoreErrorReply(kind_, key.name, current.error());
      auto after = Admit(*current, apply);
      if (!after) return StatusReply(*refusal_);
      return JsonReply(200, *after);
    }
    const auto updated = services_.store.Update(
        key, [&](const store::Object& current) { return Admit(current, apply); });
    if (refusal_) return StatusReply(*refusal_);
    if (!updated) return StoreErrorReply(kind_, key.name, updated.error());
    Reply reply = ObjectReply(request_, kind_, 200, *updated);
    AddWarnings(reply, warnings_);
    return reply;
  }

 private:
  Result<json> Refuse(ApiStatus status) {
    refusal_ = std::move(status);
    return Error(Code::kInvalidSpec, "refused");
  }

  Result<json> Admit(const store::Object& current,
                     const std::function<Outcome<Body>(const json& current)>& apply) {
    const json& before = *current.document;
    auto body = apply(before);
    if (!body) return Refuse(body.refusal());
    warnings_ = body->warnings;
    json after = std::move(*body->value);
    const std::string version = after["metadata"].value("resourceVersion", "");
    if (!version.empty() && version != std::to_string(current.resource_version))
      return Refuse({409, "Conflict",
                     StrCat("Operation cannot be fulfilled on ", kind_.info().resource, " \"",
                            current.key.name,
                            "\": the object has been modified; please apply your changes to the "
                            "latest version and try again"),
                     current.key.name, std::string(kind_.info().resource)});
    for (const char* kept : {"uid", "creationTimestamp", "namespace"}) {
      if (!after["metadata"].contains(kept) && before["metadata"].contains(kept))
        after["metadata"][kept] = before["metadata"][kept];
    }
    after.erase("status");
    if (before.contains("status")) after["status"] = before["status"];
    kind_.set_defaults(after, services_.node_name);
    pod_spec::FieldErrors errors;
    kind_.validate(after, errors);
    kind_.validate_update(before, after, errors);
    if (!errors.empty())
      return Refuse(pod_spec::InvalidStatus(std::string(kind_.info().name), current.key.name,
                                            std::move(errors)));
    return after;
  }

  const Services& services_;
  const ServedKind& kind_;
  const Request& request_;
  std::optional<ApiStatus> refusal_;
  std::vector<std::string> warnings_;
};

Result<json> ApplyPatch(const std::string& type, const json& before, const json& patch,
                        std::string_view kind) {
  if (type.starts_with("application/json-patch+json"))
    return pod_spec::ApplyJsonPatch(before, patch);
  if (type.starts_with("application/merge-patch+json"))
    return pod_spec::ApplyMergePatch(before, patch);
  return pod_spec::ApplyStrategicPatch(before, patch, kind);
}

}  // namespace

Reply UpdateObject(const Services& services, const ServedKind& kind, const Request& request) {
  auto validation = FieldValidationOf(request);
  if (!validation) return StatusReply(validation.refusal());
  auto body = ReadBody(request);
  if (!body) return StatusReply(body.refusal());
  auto checked = CheckBody(*std::move(body), kind.info().name, *validation);
  if (!checked) return StatusReply(checked.refusal());
  Change change(services, kind, request);
  return change.Run([&checked](const json& /*current*/) -> Outcome<Body> { return *checked; });
}

Reply PatchObject(const Services& services, const ServedKind& kind, const Request& request) {
  auto validation = FieldValidationOf(request);
  if (!validation) return StatusReply(validation.refusal());
  const std::string type = request.Header("content-type");
  const bool known = type.starts_with("application/json-patch+json") ||
                     type.starts_with("application/merge-patch+json") ||
                     type.starts_with("application/strategic-merge-patch+json");
  if (!known)
    return StatusReply({415, "UnsupportedMediaType",
                        StrCat("the body of the request was in an unknown format \"", type,
                               "\" - accepted media types include: application/json-patch+json, "
                               "application/merge-patch+json, "
                               "application/strategic-merge-patch+json")});
  auto patch = ReadBody(request);
  if (!patch) return StatusReply(patch.refusal());
  Change change(services, kind, request);
  return change.Run([&](const json& current) -> Outcome<Body> {
    auto patched = ApplyPatch(type, current, *patch->value, kind.info().name);
    if (!patched) return pod_spec::BadRequestStatus(StrCat("patch: ", patched.error().message()));
    return CheckBody({std::make_shared<json>(*std::move(patched)), patch->warnings},
                     kind.info().name, *validation);
  });
}

}  // namespace caisson::api
