// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/pod_spec/document.h"
#include "agent/podctl/commands.h"
#include "runtime/base/file.h"

namespace caisson::podctl {

using nlohmann::json;

Result<std::vector<json>> ReadManifests(const std::string& file) {
  CAISSON_ASSIGN(const std::string text,
                 file == "-" ? ReadFd(FdView::Raw(0), "standard input") : ReadFile(file));
  // JSON is YAML, but its own parser tells errors better.
  std::vector<json> documents;
  if (Trim(text).starts_with('{')) {
    CAISSON_ASSIGN(pod_spec::ParsedDocument parsed, pod_spec::ParseJson(text), file);
    documents.push_back(std::move(*parsed.value));
  } else {
    CAISSON_ASSIGN(auto parsed, pod_spec::ParseYaml(text), file);
    for (pod_spec::ParsedDocument& document : parsed) {
      if (!document.duplicate_fields.empty())
        return Error(Code::kInvalidSpec,
                     StrCat(file, ": duplicate field \"", document.duplicate_fields.front(), "\""));
      documents.push_back(std::move(*document.value));
    }
  }
  std::vector<json> objects;
  for (json& document : documents) {
    const bool is_list = document.is_object() && document.value("kind", "") == "List";
    if (!is_list) {
      objects.push_back(std::move(document));
      continue;
    }
    for (json& item : document["items"]) objects.push_back(std::move(item));
  }
  for (const json& object : objects) {
    if (!object.is_object() || !object.contains("kind") || !object["kind"].is_string())
      return Error(Code::kInvalidSpec, StrCat(file, ": kind: Required value"));
  }
  if (objects.empty()) return Error(Code::kInvalidSpec, StrCat(file, ": no objects in it"));
  return objects;
}

Status Print(std::string_view text) { return WriteAll(FdView::Raw(1), text, "standard output"); }

}  // namespace caisson::podctl
