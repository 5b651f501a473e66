// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/pod_spec/names.h"
#include "agent/pod_spec/quantity.h"
#include "agent/pod_spec/validate_parts.h"
#include "runtime/base/strings.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

void CheckMode(const json& object, const char* field, const std::string& path,
               FieldErrors& errors) {
  const std::int64_t mode = NumberOf(object, field);
  if (mode < 0 || mode > 0777)
    errors.Invalid(StrCat(path, ".", field), mode,
                   "must be a number between 0 and 0777 (octal), both inclusive");
}

void ValidateItems(const json& source, const std::string& path, FieldErrors& errors) {
  const json& items = ListOf(source, "items");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string here = StrCat(path, ".items[", i, "]");
    if (TextOf(items[i], "key").empty()) errors.Required(StrCat(here, ".key"));
    const std::string file = TextOf(items[i], "path");
    if (file.empty()) errors.Required(StrCat(here, ".path"));
    CheckRelativePath(file, StrCat(here, ".path"), errors);
    if (file.starts_with(".."))
      errors.Invalid(StrCat(here, ".path"), file, "must not start with '..'");
    CheckMode(items[i], "mode", here, errors);
  }
}

void ValidateDownward(const json& source, const std::string& path, FieldErrors& errors) {
  const json& items = ListOf(source, "items");
  for (std::size_t i = 0; i < items.size(); ++i) {
    const std::string here = StrCat(path, ".items[", i, "]");
    const std::string file = TextOf(items[i], "path");
    if (file.empty()) errors.Required(StrCat(here, ".path"));
    CheckRelativePath(file, StrCat(here, ".path"), errors);
    CheckMode(items[i], "mode", here, errors);
    if (items[i].contains("fieldRef") == items[i].contains("resourceFieldRef")) {
      errors.Required(here, "one of fieldRef and resourceFieldRef is required");
    } else if (items[i].contains("fieldRef")) {
      ValidateFieldRef(items[i]["fieldRef"], StrCat(here, ".fieldRef"),
                       {"metadata.annotations", "metadata.labels", "metadata.name",
                        "metadata.namespace", "metadata.uid"},
                       errors);
    } else if (TextOf(items[i]["resourceFieldRef"], "containerName").empty()) {
      errors.Required(StrCat(here, ".resourceFieldRef.containerName"));
    }
  }
}

void ValidateProjected(const json& source, const std::string& path, FieldErrors& errors) {
  CheckMode(source, "defaultMode", path, errors);
  const json& sources = ListOf(source, "sources");
  for (std::size_t i = 0; i < sources.size(); ++i) {
    const std::string here = StrCat(path, ".sources[", i, "]");
    if (sources[i].size() != 1) errors.Forbidden(here, "must specify exactly one volume type");
    for (const char* kind : {"configMap", "secret"}) {
      const auto at = sources[i].find(kind);
      if (at == sources[i].end()) continue;
      if (TextOf(*at, "name").empty()) errors.Required(StrCat(here, ".", kind, ".name"));
      ValidateItems(*at, StrCat(here, ".", kind), errors);
    }
    if (const auto at = sources[i].find("downwardAPI"); at != sources[i].end())
      ValidateDownward(*at, StrCat(here, ".downwardAPI"), errors);
    if (const auto at = sources[i].find("serviceAccountToken"); at != sources[i].end()) {
      const std::string file = TextOf(*at, "path");
      if (file.empty()) errors.Required(StrCat(here, ".serviceAccountToken.path"));
      CheckRelativePath(file, StrCat(here, ".serviceAccountToken.path"), errors);
    }
  }
}

void ValidateHostPath(const json& source, const std::string& path, FieldErrors& errors) {
  const std::string host_path = TextOf(source, "path");
  if (host_path.empty()) return errors.Required(StrCat(path, ".path"));
  for (const std::string_view part : Split(host_path, '/')) {
    if (part == "..") {
      errors.Invalid(StrCat(path, ".path"), host_path, "must not contain '..'");
      break;
    }
  }
  CheckWord(source, "type", path,
            {"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File",
             "FileOrCreate", "Socket"},
            errors);
}

void ValidateEmptyDir(const json& source, const std::string& path, FieldErrors& errors) {
  const std::string limit = TextOf(source, "sizeLimit");
  if (limit.empty()) return;
  if (const auto size = Quantity::Parse(limit); size && size->is_negative())
    errors.Forbidden(StrCat(path, ".sizeLimit"),
                     "SizeLimit field must be a valid resource quantity");
}

}  // namespace

void ValidateVolume(const json& volume, const std::string& path, FieldErrors& errors) {
  int sources = 0;
  for (const auto& [kind, source] : volume.items()) {
    if (kind == "name") continue;
    const std::string here = StrCat(path, ".", kind);
    if (++sources > 1) {
      errors.Forbidden(here, "may not specify more than 1 volume type");
      continue;
    }
    if (kind == "hostPath") ValidateHostPath(source, here, errors);
    if (kind == "emptyDir") ValidateEmptyDir(source, here, errors);
    if (kind == "configMap" || kind == "secret") {
      const char* name = kind == "secret" ? "secretName" : "name";
      if (TextOf(source, name).empty()) errors.Required(StrCat(here, ".", name));
      CheckMode(source, "defaultMode", here, errors);
      ValidateItems(source, here, errors);
    }
    if (kind == "downwardAPI") {
      CheckMode(source, "defaultMode", here, errors);
      ValidateDownward(source, here, errors);
    }
    if (kind == "projected") ValidateProjected(source, here, errors);
  }
}

}  // namespace caisson::pod_spec
