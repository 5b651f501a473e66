// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/table.h"

#include <nlohmann/json.hpp>

#include "agent/pod_spec/status_text.h"
#include "agent/pod_spec/validate_parts.h"
#include "runtime/base/strings.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

struct Column {
  std::string_view name;
  std::string_view type = "string";
  int priority = 0;
};

struct Printer {
  std::string_view kind;
  std::vector<Column> columns;
  json (*cells)(const json& object, Time now);
};

const json& PartOf(const json& object, const char* part) {
  static const json none = json::object();
  const auto at = object.find(part);
  return at != object.end() && at->is_object() ? *at : none;
}

std::string Name(const json& object) { return TextOf(PartOf(object, "metadata"), "name"); }
std::string Age(const json& object, Time now) {
  return AgeOf(PartOf(object, "metadata"), "creationTimestamp", now);
}
std::string OrNone(const std::string& text) { return text.empty() ? "<none>" : text; }

json PodCells(const json& pod, Time now) {
  const PodSummary summary = Summarize(pod, now);
  const json& spec = PartOf(pod, "spec");
  const json& status = PartOf(pod, "status");
  std::size_t gates_true = 0;
  const json& gates = ListOf(spec, "readinessGates");
  for (const json& gate : gates) {
    for (const json& condition : ListOf(status, "conditions")) {
      if (TextOf(condition, "type") == TextOf(gate, "conditionType") &&
          TextOf(condition, "status") == "True")
        ++gates_true;
    }
  }
  return json::array({Name(pod), StrCat(summary.ready, "/", summary.total), summary.status,
                      summary.restarts, Age(pod, now), OrNone(TextOf(status, "podIP")),
                      OrNone(TextOf(spec, "nodeName")), OrNone(TextOf(status, "nominatedNodeName")),
                      gates.empty() ? "<none>" : StrCat(gates_true, "/", gates.size())});
}

json NodeCells(const json& node, Time now) {
  const json& status = PartOf(node, "status");
  const json& info = PartOf(status, "nodeInfo");
  std::string ready = "Unknown";
  for (const json& condition : ListOf(status, "conditions")) {
    if (TextOf(condition, "type") == "Ready")
      ready = TextOf(condition, "status") == "True" ? "Ready" : "NotReady";
  }
  if (PartOf(node, "spec").value("unschedulable", false)) ready += ",SchedulingDisabled";
  std::string internal;
  for (const json& address : ListOf(status, "addresses")) {
    if (TextOf(address, "type") == "InternalIP" && internal.empty())
      internal = TextOf(address, "address");
  }
  return json::array({Name(node), ready, "<none>", Age(node, now), TextOf(info, "kubeletVersion"),
                      OrNone(internal), "<none>", TextOf(info, "osImage"),
                      TextOf(info, "kernelVersion"), TextOf(info, "containerRuntimeVersion")});
}

json NamespaceCells(const json& object, Time now) {
  return json::array({Name(object), TextOf(PartOf(object, "status"), "phase"), Age(object, now)});
}

json EventCells(const json& event, Time now) {
  std::string last = AgeOf(event, "lastTimestamp", now);
  const std::int64_t count = NumberOf(event, "count");
  if (count > 1) last += StrCat(" (x", count, " over ", AgeOf(event, "firstTimestamp", now), ")");
  const json& involved = PartOf(event, "involvedObject");
  std::string kind = TextOf(involved, "kind");
  for (char& c : kind) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  const std::string source = TextOf(PartOf(event, "source"), "component");
  return json::array({last, TextOf(event, "type"), TextOf(event, "reason"),
                      StrCat(kind, "/", TextOf(involved, "name")),
                      std::string(Trim(TextOf(event, "message"))), TextOf(involved, "fieldPath"),
                      source, AgeOf(event, "firstTimestamp", now), count, Name(event)});
}

json ConfigMapCells(const json& object, Time now) {
  return json::array({Name(object),
                      PartOf(object, "data").size() + PartOf(object, "binaryData").size(),
                      Age(object, now)});
}

json SecretCells(const json& object, Time now) {
  return json::array(
      {Name(object), TextOf(object, "type"), PartOf(object, "data").size(), Age(object, now)});
}

json PlainCells(const json& object, Time now) {
  return json::array({Name(object), Age(object, now)});
}

const Printer& PrinterOf(std::string_view kind) {
  static const std::vector<Printer> printers{
      {"Pod",
       {{"Name"},
        {"Ready"},
        {"Status"},
        {"Restarts"},
        {"Age"},
        {"IP", "string", 1},
        {"Node", "string", 1},
        {"Nominated Node", "string", 1},
        {"Readiness Gates", "string", 1}},
       PodCells},
      {"Node",
       {{"Name"},
        {"Status"},
        {"Roles"},
        {"Age"},
        {"Version"},
        {"Internal-IP", "string", 1},
        {"External-IP", "string", 1},
        {"OS-Image", "string", 1},
        {"Kernel-Version", "string", 1},
        {"Container-Runtime", "string", 1}},
       NodeCells},
      {"Namespace", {{"Name"}, {"Status"}, {"Age"}}, NamespaceCells},
      {"Event",
       {{"Last Seen"},
        {"Type"},
        {"Reason"},
        {"Object"},
        {"Message"},
        {"Subobject", "string", 1},
        {"Source", "string", 1},
        {"First Seen", "string", 1},
        {"Count", "integer", 1},
        {"Name", "string", 1}},
       EventCells},
      {"ConfigMap", {{"Name"}, {"Data", "integer"}, {"Age"}}, ConfigMapCells},
      {"Secret", {{"Name"}, {"Type"}, {"Data", "integer"}, {"Age"}}, SecretCells},
      {"", {{"Name"}, {"Age"}}, PlainCells},
  };
  for (const Printer& printer : printers) {
    if (printer.kind == kind) return printer;
  }
  return printers.back();
}

json Columns(const Printer& printer) {
  json columns = json::array();
  for (const Column& column : printer.columns) {
    columns.push_back({{"name", column.name},
                       {"type", column.type},
                       {"format", column.name == "Name" ? "name" : ""},
                       {"description", ""},
                       {"priority", column.priority}});
  }
  return columns;
}

}  // namespace

json MakeTable(const TableRequest& request,
               const std::vector<std::shared_ptr<const json>>& objects) {
  const Printer& printer = PrinterOf(request.kind);
  json rows = json::array();
  for (const auto& object : objects) {
    json row{{"cells", printer.cells(*object, request.now)}};
    if (request.include == IncludeObject::kObject) row["object"] = *object;
    if (request.include == IncludeObject::kMetadata)
      row["object"] = {{"kind", "PartialObjectMetadata"},
                       {"apiVersion", "meta.k8s.io/v1"},
                       {"metadata", PartOf(*object, "metadata")}};
    rows.push_back(std::move(row));
  }
  return {{"kind", "Table"},
          {"apiVersion", "meta.k8s.io/v1"},
          {"metadata", {{"resourceVersion", request.resource_version}}},
          {"columnDefinitions", request.columns ? Columns(printer) : json(nullptr)},
          {"rows", std::move(rows)}};
}

}  // namespace caisson::pod_spec
