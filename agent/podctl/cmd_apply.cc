// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <nlohmann/json.hpp>

#include "agent/podctl/commands.h"
#include "agent/podctl/resources.h"

namespace caisson::podctl {
namespace {

using nlohmann::json;

std::string NameOf(const json& object, const char* field) {
  const auto meta = object.find("metadata");
  if (meta == object.end() || !meta->is_object()) return {};
  const auto at = meta->find(field);
  return at != meta->end() && at->is_string() ? at->get<std::string>() : std::string();
}

void Warn(const Answer& answer) {
  if (!answer.warning.empty()) (void)std::fprintf(stderr, "Warning: %s\n", answer.warning.c_str());
}

Status ApplyOne(const RestClient& client, const ApplyOptions& options, const json& object) {
  CAISSON_ASSIGN(const ResourceName resource,
                 FindResource(object["kind"].get_ref<const std::string&>()));
  const std::string name = NameOf(object, "name");
  std::string ns = NameOf(object, "namespace");
  if (!options.ns.empty() && !ns.empty() && ns != options.ns)
    return Error(Code::kInvalidSpec, StrCat("metadata.namespace: \"", ns,
                                            "\" differs from --namespace \"", options.ns, "\""));
  if (ns.empty()) ns = options.ns.empty() ? "default" : options.ns;
  const std::string shown = StrCat(resource.singular, "/", name);
  const std::string query = StrCat("?fieldValidation=Strict", options.dry_run ? "&dryRun=All" : "");
  const std::string body = object.dump();

  std::string version;
  if (!name.empty()) {
    CAISSON_ASSIGN(const Answer current, client.Get(resource.Path(ns, name)));
    if (current.code != 404) {
      CAISSON_ASSIGN(const json stored, JsonOf(current), shown);
      version = stored["metadata"].value("resourceVersion", "");
    }
  }
  if (version.empty()) {
    CAISSON_ASSIGN(const Answer created, client.Post(resource.Path(ns) + query, body));
    CAISSON_ASSIGN(const json stored, JsonOf(created), shown);
    Warn(created);
    return Print(StrCat(resource.singular, "/", NameOf(stored, "name"), " created\n"));
  }
  CAISSON_ASSIGN(const Answer patched, client.Patch(resource.Path(ns, name) + query, body,
                                                    "application/strategic-merge-patch+json"));
  CAISSON_ASSIGN(const json stored, JsonOf(patched), shown);
  Warn(patched);
  const bool same = stored["metadata"].value("resourceVersion", "") == version;
  return Print(StrCat(shown, same ? " unchanged\n" : " configured\n"));
}

}  // namespace

Status Apply(const RestClient& client, const ApplyOptions& options) {
  for (const std::string& file : options.files) {
    CAISSON_ASSIGN(const std::vector<json> objects, ReadManifests(file));
    for (const json& object : objects) CAISSON_TRY(ApplyOne(client, options, object));
  }
  return Ok();
}

}  // namespace caisson::podctl
