// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/pod_spec/pod.h"
#include "agent/pod_spec/status_text.h"
#include "agent/podctl/commands.h"
#include "agent/podctl/output.h"
#include "agent/podctl/resources.h"

namespace caisson::podctl {
namespace {

using nlohmann::json;

const json& PartOf(const json& object, const char* part) {
  static const json none = json::object();
  const auto at = object.find(part);
  return at == object.end() ? none : *at;
}

std::string Text(const json& object, const char* field) {
  const auto at = object.find(field);
  if (at == object.end() || at->is_null()) return "";
  return at->is_string() ? at->get<std::string>() : at->dump();
}

// "Name:         value" lines, the values in one column.
class Lines {
 public:
  explicit Lines(std::size_t indent = 0) : indent_(indent) {}
  void Add(const std::string& name, const std::string& value) {
    if (value.empty()) return;
    const std::size_t width = 18 - indent_;
    out_ += std::string(indent_, ' ') + name + ":";
    out_.append(name.size() + 1 < width ? width - name.size() - 1 : 1, ' ');
    out_ += value + "\n";
  }
  std::string Take() { return std::move(out_); }

 private:
  std::size_t indent_;
  std::string out_;
};

std::string MapText(const json& map) {
  std::vector<std::string> pairs;
  for (const auto& [key, value] : map.items())
    pairs.push_back(StrCat(key, "=", value.is_string() ? value.get<std::string>() : value.dump()));
  return Join(pairs, ", ");
}

void AddState(Lines& lines, const std::string& name, const json& state) {
  for (const auto& [kind, detail] : state.items()) {
    std::vector<std::string> parts;
    for (const char* field :
         {"reason", "message", "exitCode", "signal", "startedAt", "finishedAt"}) {
      if (const std::string text = Text(detail, field); !text.empty())
        parts.push_back(StrCat(field, " ", text));
    }
    lines.Add(name, StrCat(kind, parts.empty() ? "" : ": ", Join(parts, ", ")));
  }
}

std::string ContainerText(const json& container, const json& statuses) {
  const std::string name = Text(container, "name");
  Lines lines(4);
  json status = json::object();
  for (const json& candidate : statuses) {
    if (Text(candidate, "name") == name) status = candidate;
  }
  lines.Add("Container ID", Text(status, "containerID"));
  lines.Add("Image", Text(container, "image"));
  lines.Add("Image ID", Text(status, "imageID"));
  for (const char* field : {"command", "args"}) {
    std::vector<std::string> words;
    for (const json& word : PartOf(container, field)) words.push_back(word.dump());
    lines.Add(field[0] == 'c' ? "Command" : "Args", Join(words, " "));
  }
  for (const json& port : PartOf(container, "ports"))
    lines.Add("Port", StrCat(Text(port, "containerPort"), "/", Text(port, "protocol")));
  AddState(lines, "State", PartOf(status, "state"));
  AddState(lines, "Last State", PartOf(status, "lastState"));
  lines.Add("Ready", Text(status, "ready"));
  lines.Add("Restart Count", Text(status, "restartCount"));
  lines.Add("Limits", MapText(PartOf(PartOf(container, "resources"), "limits")));
  lines.Add("Requests", MapText(PartOf(PartOf(container, "resources"), "requests")));
  for (const json& env : PartOf(container, "env"))
    lines.Add("Env",
              StrCat(Text(env, "name"), "=",
                     env.contains("valueFrom") ? env["valueFrom"].dump() : Text(env, "value")));
  for (const json& mount : PartOf(container, "volumeMounts"))
    lines.Add("Mount", StrCat(Text(mount, "mountPath"), " from ", Text(mount, "name"),
                              mount.value("readOnly", false) ? " (ro)" : " (rw)"));
  return StrCat("  ", name, ":\n", lines.Take());
}

std::string PodText(const json& pod) {
  const json& meta = PartOf(pod, "metadata");
  const json& spec = PartOf(pod, "spec");
  const json& status = PartOf(pod, "status");
  const auto now = pod_spec::NowTime();
  Lines lines;
  lines.Add("Name", Text(meta, "name"));
  lines.Add("Namespace", Text(meta, "namespace"));
  lines.Add("Node", Text(spec, "nodeName"));
  lines.Add("Created", StrCat(Text(meta, "creationTimestamp"), " (",
                              pod_spec::AgeOf(meta, "creationTimestamp", now), " ago)"));
  lines.Add("Labels", MapText(PartOf(meta, "labels")));
  lines.Add("Annotations", MapText(PartOf(meta, "annotations")));
  lines.Add("Status", pod_spec::Summarize(pod, now).status);
  lines.Add("Reason", Text(status, "reason"));
  lines.Add("Message", Text(status, "message"));
  lines.Add("IP", Text(status, "podIP"));
  lines.Add("QoS Class", Text(status, "qosClass"));
  lines.Add("Restart Policy", Text(spec, "restartPolicy"));
  std::string out = lines.Take();
  if (spec.contains("initContainers")) {
    out += "Init Containers:\n";
    for (const json& container : spec["initContainers"])
      out += ContainerText(container, PartOf(status, "initContainerStatuses"));
  }
  out += "Containers:\n";
  for (const json& container : PartOf(spec, "containers"))
    out += ContainerText(container, PartOf(status, "containerStatuses"));
  Lines conditions(2);
  for (const json& condition : PartOf(status, "conditions")) {
    const std::string reason = Text(condition, "reason");
    conditions.Add(Text(condition, "type"),
                   StrCat(Text(condition, "status"), reason.empty() ? "" : " ", reason));
  }
  if (std::string text = conditions.Take(); !text.empty()) out += "Conditions:\n" + text;
  Lines volumes(2);
  for (const json& volume : PartOf(spec, "volumes")) {
    for (const auto& [kind, source] : volume.items()) {
      if (kind != "name") volumes.Add(Text(volume, "name"), StrCat(kind, " ", source.dump()));
    }
  }
  if (std::string text = volumes.Take(); !text.empty()) out += "Volumes:\n" + text;
  return out;
}

}  // namespace

Status Describe(const RestClient& client, const DescribeOptions& options) {
  CAISSON_ASSIGN(const ResourceName resource, FindResource(options.resource));
  CAISSON_ASSIGN(const Answer answer, client.Get(resource.Path(options.ns, options.name)));
  CAISSON_ASSIGN(const json object, JsonOf(answer));
  CAISSON_TRY(Print(resource.kind == "Pod" ? PodText(object) : ToYaml(object)));
  CAISSON_ASSIGN(const ResourceName events, FindResource("events"));
  const std::string ns = resource.namespaced ? options.ns : "default";
  const std::string path = StrCat(events.Path(ns), "?fieldSelector=involvedObject.uid%3D",
                                  EncodeQuery(object["metadata"].value("uid", "")));
  CAISSON_ASSIGN(const Answer listed, client.Get(path, /*as_table=*/true));
  CAISSON_ASSIGN(const json table, JsonOf(listed));
  if (table["rows"].empty()) return Print("Events: none\n");
  return Print("Events:\n" + RenderApiTable(table, false, false, true));
}

}  // namespace caisson::podctl
