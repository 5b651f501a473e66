// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/podctl/commands.h"
#include "agent/podctl/resources.h"

namespace caisson::podctl {
namespace {

using nlohmann::json;

// Until the object with this uid is gone: a watch from the version of the deletion's own answer, so
// that nothing is missed.
Status WaitGone(const RestClient& client, const ResourceName& resource, const std::string& ns,
                const json& object) {
  const std::string name = object["metadata"].value("name", "");
  const std::string uid = object["metadata"].value("uid", "");
  CAISSON_ASSIGN(const Answer now, client.Get(resource.Path(ns, name)));
  if (now.code == 404) return Ok();
  CAISSON_ASSIGN(const json current, JsonOf(now));
  if (current["metadata"].value("uid", "") != uid) return Ok();
  const std::string path =
      StrCat(resource.Path(ns), "?watch=true&fieldSelector=metadata.name%3D", EncodeQuery(name),
             "&resourceVersion=", current["metadata"].value("resourceVersion", ""));
  std::string pending;
  bool gone = false;
  CAISSON_ASSIGN(const Answer answer, client.Stream(path, false, [&](std::string_view bytes) {
    pending += bytes;
    for (auto end = pending.find('\n'); end != pending.npos; end = pending.find('\n')) {
      const json event = json::parse(pending.substr(0, end), nullptr, /*allow_exceptions=*/false);
      pending.erase(0, end + 1);
      gone = gone || (event.is_object() && event.value("type", "") == "DELETED");
    }
    return !gone;
  }));
  CAISSON_TRY(CheckAnswer(answer));
  if (!gone) return Error(Code::kSystem, StrCat(name, ": the watch ended before it was gone"));
  return Ok();
}

Status DeleteOne(const RestClient& client, const DeleteOptions& options,
                 const ResourceName& resource, const std::string& ns, const std::string& name) {
  json body{{"kind", "DeleteOptions"}, {"apiVersion", "v1"}};
  if (options.grace_seconds) body["gracePeriodSeconds"] = *options.grace_seconds;
  CAISSON_ASSIGN(const Answer answer, client.Delete(resource.Path(ns, name), body.dump()));
  if (answer.code == 404 && options.ignore_not_found) return Ok();
  CAISSON_ASSIGN(const json deleted, JsonOf(answer));
  CAISSON_TRY(Print(StrCat(resource.singular, " \"", name, "\" deleted\n")));
  return options.wait ? WaitGone(client, resource, ns, deleted) : Ok();
}

}  // namespace

Status Delete(const RestClient& client, const DeleteOptions& options) {
  if (options.files.empty()) {
    CAISSON_ASSIGN(const ResourceName resource, FindResource(options.resource));
    for (const std::string& name : options.names)
      CAISSON_TRY(DeleteOne(client, options, resource, options.ns, name));
    return Ok();
  }
  for (const std::string& file : options.files) {
    CAISSON_ASSIGN(const std::vector<json> objects, ReadManifests(file));
    for (const json& object : objects) {
      CAISSON_ASSIGN(const ResourceName resource,
                     FindResource(object["kind"].get_ref<const std::string&>()));
      const json meta = object.value("metadata", json::object());
      const std::string name = meta.value("name", "");
      if (name.empty())
        return Error(Code::kInvalidSpec, StrCat(file, ": metadata.name: Required value"));
      CAISSON_TRY(DeleteOne(client, options, resource, meta.value("namespace", options.ns), name));
    }
  }
  return Ok();
}

}  // namespace caisson::podctl
