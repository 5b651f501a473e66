// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "agent/pod_spec/patch.h"
#include "agent/pod_spec/schema.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

constexpr std::string_view kOrderPrefix = "$setElementOrder/";
constexpr std::string_view kDeletePrefix = "$deleteFromPrimitiveList/";

bool IsDirective(std::string_view key) { return key.starts_with('$'); }

std::string Action(const json& value) {
  const auto at = value.is_object() ? value.find("$patch") : value.end();
  return at != value.end() && at->is_string() ? at->get<std::string>() : std::string();
}

class StrategicPatch {
 public:
  // `type` is null for objects whose fields are not in the schema: maps and free-form parts.
  void MergeObject(json& target, const json& patch, const TypeSchema* type) {
    if (!target.is_object()) target = json::object();
    const std::string action = Action(patch);
    if (action == "replace" || action == "delete") target = json::object();
    if (action == "delete") return;
    if (const auto keys = patch.find("$retainKeys"); keys != patch.end()) Retain(target, *keys);
    for (const auto& [key, value] : patch.items()) {
      if (key.starts_with(kDeletePrefix))
        DeleteValues(target, key.substr(kDeletePrefix.size()), value);
      if (!IsDirective(key)) MergeField(target, key, value, type);
    }
    for (const auto& [key, order] : patch.items()) {
      if (key.starts_with(kOrderPrefix))
        Reorder(target, key.substr(kOrderPrefix.size()), order, type);
    }
  }

  std::optional<Error> error;

 private:
  void MergeField(json& target, const std::string& key, const json& value, const TypeSchema* type) {
    if (value.is_null()) {
      target.erase(key);
      return;
    }
    const FieldSchema* field = type == nullptr ? nullptr : type->Find(key);
    if (value.is_object()) {
      const bool typed =
          field != nullptr && field->shape == FieldShape::kOne && field->type == FieldType::kObject;
      return MergeObject(target[key], value, typed ? FindType(field->object) : nullptr);
    }
    if (value.is_array() && field != nullptr && !field->merge_key.empty())
      return MergeList(target[key], value, *field);
    target[key] = value;
  }

  void MergeList(json& target, const json& patch, const FieldSchema& field) {
    if (!target.is_array()) target = json::array();
    if (field.merge_key == "*") {
      for (const json& value : patch) {
        if (std::find(target.begin(), target.end(), value) == target.end()) target.push_back(value);
      }
      return;
    }
    if (std::any_of(patch.begin(), patch.end(),
                    [](const json& i) { return Action(i) == "replace"; }))
      target = json::array();
    const TypeSchema* type = field.type == FieldType::kObject ? FindType(field.object) : nullptr;
    for (const json& item : patch) {
      if (Action(item) == "replace") continue;
      MergeItem(target, item, field, type);
      if (error) return;
    }
  }

  void MergeItem(json& target, const json& item, const FieldSchema& field, const TypeSchema* type) {
    if (!item.is_object() || !item.contains(field.merge_key)) {
      error.emplace(Error(Code::kInvalidSpec,
                          StrCat(field.name, ": every item of the patch must have the merge key \"",
                                 field.merge_key, "\"")));
      return;
    }
    const auto match = Match(target, item, field.merge_key);
    if (Action(item) == "delete") {
      if (match != target.end()) target.erase(match);
      return;
    }
    if (match != target.end()) return MergeObject(*match, item, type);
    json added = json::object();
    MergeObject(added, item, type);
    target.push_back(std::move(added));
  }

  static json::iterator Match(json& list, const json& item, const std::string& key) {
    return std::find_if(list.begin(), list.end(), [&](const json& candidate) {
      return candidate.is_object() && candidate.contains(key) && candidate[key] == item[key];
    });
  }

  static void Retain(json& target, const json& keys) {
    for (auto at = target.begin(); at != target.end();) {
      const bool kept = std::find(keys.begin(), keys.end(), at.key()) != keys.end();
      at = kept ? std::next(at) : target.erase(at);
    }
  }

  static void DeleteValues(json& target, const std::string& key, const json& values) {
    const auto list = target.find(key);
    if (list == target.end() || !list->is_array()) return;
    json kept = json::array();
    for (const json& value : *list) {
      if (std::find(values.begin(), values.end(), value) == values.end()) kept.push_back(value);
    }
    *list = std::move(kept);
  }

  // Items that the order names come in that order; others keep their place behind them.
  static void Reorder(json& target, const std::string& key, const json& order,
                      const TypeSchema* type) {
    const auto list = target.find(key);
    const FieldSchema* field = type == nullptr ? nullptr : type->Find(key);
    if (list == target.end() || !list->is_array() || !order.is_array() || field == nullptr) return;
    const auto rank = [&](const json& item) {
      for (std::size_t i = 0; i < order.size(); ++i) {
        const bool same = field->merge_key == "*" ? order[i] == item
                                                  : order[i].is_object() && item.is_object() &&
                                                        order[i].value(field->merge_key, json()) ==
                                                            item.value(field->merge_key, json());
        if (same) return i;
      }
      return order.size();
    };
    std::stable_sort(list->begin(), list->end(),
                     [&rank](const json& a, const json& b) { return rank(a) < rank(b); });
  }
};

}  // namespace

Result<json> ApplyStrategicPatch(const json& object, const json& patch, std::string_view type) {
  if (!patch.is_object())
    return Error(Code::kInvalidSpec, "a strategic merge patch must be an object");
  json result = object;
  StrategicPatch merge;
  merge.MergeObject(result, patch, FindType(type));
  if (merge.error) return *std::move(merge.error);
  return result;
}

}  // namespace caisson::pod_spec
