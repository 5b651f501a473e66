// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/podctl/commands.h"
#include "agent/podctl/output.h"
#include "agent/podctl/resources.h"

namespace caisson::podctl {
namespace {

using nlohmann::json;

bool IsTable(const GetOptions& options) {
  return options.output.empty() || options.output == "wide";
}

std::string ListPath(const GetOptions& options, const ResourceName& resource) {
  std::string fields = options.fields;
  if (options.names.size() == 1) {
    if (!fields.empty()) fields += ",";
    fields += StrCat("metadata.name=", options.names.front());
  }
  std::string path = resource.Path(options.all_namespaces ? "" : options.ns) + "?";
  if (!options.labels.empty()) path += StrCat("labelSelector=", EncodeQuery(options.labels), "&");
  if (!fields.empty()) path += StrCat("fieldSelector=", EncodeQuery(fields), "&");
  return path;
}

std::string NamesOf(const json& objects, const ResourceName& resource) {
  std::string out;
  for (const json& object : objects)
    out += StrCat(resource.singular, "/", object["metadata"].value("name", ""), "\n");
  return out;
}

Status PrintObjects(const GetOptions& options, const ResourceName& resource, json document) {
  if (options.output == "name")
    return Print(NamesOf(document.contains("items") ? document["items"] : json::array({document}),
                         resource));
  if (options.output == "yaml") return Print(ToYaml(document));
  return Print(document.dump(4, ' ', false, json::error_handler_t::replace) + "\n");
}

Status PrintTable(const GetOptions& options, const json& table, bool with_header) {
  if (table.at("rows").empty() && with_header)
    return Print(options.all_namespaces
                     ? "No resources found.\n"
                     : StrCat("No resources found in ", options.ns, " namespace.\n"));
  return Print(
      RenderApiTable(table, options.output == "wide", options.all_namespaces, with_header));
}

Status WatchTable(const RestClient& client, const GetOptions& options, const std::string& path,
                  json columns) {
  std::string pending;
  Status printed = Ok();
  const auto take_line = [&](std::string_view line) -> Status {
    json event = json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!event.is_object()) return Error(Code::kSystem, "watch: the agent sent a broken event");
    if (event.value("type", "") == "ERROR")
      return Error(Code::kWrongState, StrCat("watch: ", event["object"].value("message", "")));
    json& object = event["object"];
    if (object.value("kind", "") != "Table") return Ok();  // a bookmark
    if (object["columnDefinitions"].is_null()) object["columnDefinitions"] = columns;
    return PrintTable(options, object, /*with_header=*/false);
  };
  CAISSON_ASSIGN(const Answer answer, client.Stream(path, true, [&](std::string_view bytes) {
    pending += bytes;
    for (auto end = pending.find('\n'); end != pending.npos; end = pending.find('\n')) {
      printed = take_line(std::string_view(pending).substr(0, end));
      pending.erase(0, end + 1);
      if (!printed) return false;
    }
    return true;
  }));
  CAISSON_TRY(std::move(printed));
  return CheckAnswer(answer);
}

Status GetOne(const RestClient& client, const GetOptions& options, const ResourceName& resource,
              const std::string& name, json& rows) {
  CAISSON_ASSIGN(const Answer answer,
                 client.Get(resource.Path(options.ns, name), IsTable(options)));
  CAISSON_ASSIGN(json document, JsonOf(answer));
  if (!IsTable(options)) return PrintObjects(options, resource, std::move(document));
  if (rows.is_null()) {
    rows = std::move(document);
  } else {
    for (json& row : document["rows"]) rows["rows"].push_back(std::move(row));
  }
  return Ok();
}

}  // namespace

Status Get(const RestClient& client, const GetOptions& options) {
  CAISSON_ASSIGN(const ResourceName resource, FindResource(options.resource));
  if (!options.names.empty() && !options.watch) {
    json table;
    for (const std::string& name : options.names)
      CAISSON_TRY(GetOne(client, options, resource, name, table));
    return table.is_null() ? Ok() : PrintTable(options, table, /*with_header=*/true);
  }
  if (options.names.size() > 1) return Error(Code::kInvalidSpec, "--watch takes one name at most");
  if (options.watch && !IsTable(options))
    return Error(Code::kInvalidSpec, StrCat("--watch cannot print \"", options.output, "\""));
  const std::string path = ListPath(options, resource);
  CAISSON_ASSIGN(const Answer answer, client.Get(path, IsTable(options)));
  CAISSON_ASSIGN(json document, JsonOf(answer));
  if (!IsTable(options)) return PrintObjects(options, resource, std::move(document));
  CAISSON_TRY(PrintTable(options, document, /*with_header=*/true));
  if (!options.watch) return Ok();
  const std::string version = document["metadata"].value("resourceVersion", "");
  return WatchTable(client, options, StrCat(path, "watch=true&resourceVersion=", version),
                    document["columnDefinitions"]);
}

}  // namespace caisson::podctl
