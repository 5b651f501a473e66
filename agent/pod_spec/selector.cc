// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/selector.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "agent/pod_spec/names.h"
#include "runtime/base/strings.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

// Pieces between commas that are not inside parentheses.
std::vector<std::string_view> SplitRequirements(std::string_view text) {
  std::vector<std::string_view> parts;
  int depth = 0;
  std::size_t start = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && text[i] == '(') ++depth;
    if (i < text.size() && text[i] == ')') --depth;
    if (i == text.size() || (text[i] == ',' && depth == 0)) {
      parts.push_back(Trim(text.substr(start, i - start)));
      start = i + 1;
    }
  }
  return parts;
}

Error BadSelector(std::string_view part, std::string_view why) {
  return Error(Code::kInvalidSpec, StrCat("unable to parse requirement: \"", part, "\": ", why));
}

// "(a, b)" as its members.
Result<std::vector<std::string>> ParseSet(std::string_view part, std::string_view text) {
  text = Trim(text);
  if (!text.starts_with('(') || !text.ends_with(')'))
    return BadSelector(part, "expected a set in parentheses");
  std::vector<std::string> values;
  for (const std::string_view value : Split(text.substr(1, text.size() - 2), ','))
    values.emplace_back(Trim(value));
  return values;
}

const json* Lookup(const json& object, std::string_view path) {
  const json* at = &object;
  for (const std::string_view part : Split(path, '.')) {
    if (!at->is_object()) return nullptr;
    const auto child = at->find(std::string(part));
    if (child == at->end()) return nullptr;
    at = &*child;
  }
  return at;
}

bool IsSelectable(std::string_view kind, std::string_view field) {
  if (field == "metadata.name" || field == "metadata.namespace") return true;
  static const std::set<std::string_view> pod{"spec.nodeName",
                                              "spec.restartPolicy",
                                              "spec.schedulerName",
                                              "spec.serviceAccountName",
                                              "spec.hostNetwork",
                                              "status.phase",
                                              "status.podIP",
                                              "status.podIPs",
                                              "status.nominatedNodeName"};
  static const std::set<std::string_view> event{"involvedObject.kind",
                                                "involvedObject.namespace",
                                                "involvedObject.name",
                                                "involvedObject.uid",
                                                "involvedObject.apiVersion",
                                                "involvedObject.resourceVersion",
                                                "involvedObject.fieldPath",
                                                "reason",
                                                "type",
                                                "reportingComponent",
                                                "source"};
  if (kind == "Pod") return pod.contains(field);
  if (kind == "Event") return event.contains(field);
  if (kind == "Node") return field == "spec.unschedulable";
  if (kind == "Namespace") return field == "status.phase";
  if (kind == "Secret") return field == "type";
  return false;
}

std::string FieldText(const json& object, const std::string& field) {
  const json* value = Lookup(object, field == "source" ? "source.component" : field);
  if (value == nullptr || value->is_null())
    return field == "spec.hostNetwork" || field == "spec.unschedulable" ? "false" : "";
  return value->is_string() ? value->get<std::string>() : value->dump();
}

}  // namespace

Result<LabelSelector::Requirement> LabelSelector::ParseOne(std::string_view part) {
  if (part.empty()) return BadSelector(part, "empty requirement");
  Requirement found{{}, Operator::kExists, {}};
  const auto word_end = part.find_first_of(" =!(", part[0] == '!' ? 1 : 0);
  const std::string_view rest =
      word_end == part.npos ? std::string_view() : Trim(part.substr(word_end));
  found.key = Trim(part.substr(0, word_end));
  if (found.key.starts_with('!')) {
    found.key = Trim(std::string_view(found.key).substr(1));
    found.op = Operator::kNotExists;
    if (!rest.empty()) return BadSelector(part, "nothing may follow \"!key\"");
  } else if (rest.starts_with("in ") || rest.starts_with("in(")) {
    found.op = Operator::kIn;
    CAISSON_ASSIGN(found.values, ParseSet(part, rest.substr(2)));
  } else if (rest.starts_with("notin ") || rest.starts_with("notin(")) {
    found.op = Operator::kNotIn;
    CAISSON_ASSIGN(found.values, ParseSet(part, rest.substr(5)));
  } else if (rest.starts_with("!=")) {
    found.op = Operator::kNotIn;
    found.values.emplace_back(Trim(rest.substr(2)));
  } else if (rest.starts_with('=')) {
    found.op = Operator::kIn;
    found.values.emplace_back(Trim(rest.substr(rest.starts_with("==") ? 2 : 1)));
  } else if (!rest.empty()) {
    return BadSelector(part, "expected one of: in, notin, =, ==, !=");
  }
  if (const std::string wrong = CheckQualifiedName(found.key); !wrong.empty())
    return BadSelector(part, wrong);
  for (const std::string& value : found.values) {
    if (const std::string wrong = CheckLabelValue(value); !wrong.empty())
      return BadSelector(part, wrong);
  }
  return found;
}

Result<LabelSelector> LabelSelector::Parse(std::string_view text) {
  LabelSelector selector;
  if (Trim(text).empty()) return selector;
  for (const std::string_view part : SplitRequirements(text)) {
    CAISSON_ASSIGN(Requirement requirement, ParseOne(part));
    selector.requirements_.push_back(std::move(requirement));
  }
  return selector;
}

bool LabelSelector::Matches(const json& object) const {
  if (requirements_.empty()) return true;
  const json* labels = Lookup(object, "metadata.labels");
  for (const Requirement& requirement : requirements_) {
    const bool has = labels != nullptr && labels->contains(requirement.key);
    const bool listed = has && std::find(requirement.values.begin(), requirement.values.end(),
                                         labels->at(requirement.key).get<std::string>()) !=
                                   requirement.values.end();
    switch (requirement.op) {
      case Operator::kExists:
        if (!has) return false;
        break;
      case Operator::kNotExists:
        if (has) return false;
        break;
      case Operator::kIn:
        if (!listed) return false;
        break;
      case Operator::kNotIn:
        if (listed) return false;
        break;
    }
  }
  return true;
}

Result<FieldSelector> FieldSelector::Parse(std::string_view text, std::string_view kind) {
  FieldSelector selector;
  if (Trim(text).empty()) return selector;
  for (const std::string_view part : Split(text, ',')) {
    const auto sign = part.find('=');
    if (sign == part.npos || sign == 0)
      return Error(Code::kInvalidSpec,
                   StrCat("invalid selector: '", part, "'; can't understand '", part, "'"));
    const bool equal = part[sign - 1] != '!';
    Requirement requirement{std::string(Trim(part.substr(0, equal ? sign : sign - 1))), {}, equal};
    std::string_view value = part.substr(sign + 1);
    if (value.starts_with('=')) value.remove_prefix(1);
    requirement.value = Trim(value);
    if (!IsSelectable(kind, requirement.field))
      return Error(Code::kInvalidSpec, StrCat("field label not supported: ", requirement.field));
    selector.requirements_.push_back(std::move(requirement));
  }
  return selector;
}

bool FieldSelector::Matches(const json& object) const {
  return std::all_of(requirements_.begin(), requirements_.end(), [&object](const Requirement& r) {
    return (FieldText(object, r.field) == r.value) == r.equal;
  });
}

}  // namespace caisson::pod_spec
