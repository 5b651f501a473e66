// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/validate_parts.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/pod_spec/names.h"
#include "agent/pod_spec/quantity.h"
#include "runtime/base/strings.h"

namespace caisson::pod_spec {

using nlohmann::json;

std::string TextOf(const json& object, const char* field) {
  const auto at = object.find(field);
  return at != object.end() && at->is_string() ? at->get<std::string>() : std::string();
}

std::int64_t NumberOf(const json& object, const char* field) {
  const auto at = object.find(field);
  return at != object.end() && at->is_number_integer() ? at->get<std::int64_t>() : 0;
}

const json& ListOf(const json& object, const char* field) {
  static const json empty = json::array();
  const auto at = object.find(field);
  return at != object.end() && at->is_array() ? *at : empty;
}

bool OneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  return std::find(words.begin(), words.end(), text) != words.end();
}

void CheckWord(const json& object, const char* field, const std::string& path,
               const std::vector<std::string_view>& words, FieldErrors& errors) {
  const auto at = object.find(field);
  if (at == object.end()) return;
  const auto& text = at->get_ref<const std::string&>();
  if (std::find(words.begin(), words.end(), text) == words.end())
    errors.NotSupported(StrCat(path, ".", field), *at, words);
}

void CheckNotNegative(const json& object, const char* field, const std::string& path,
                      FieldErrors& errors) {
  if (NumberOf(object, field) < 0)
    errors.Invalid(StrCat(path, ".", field), object[field], "must be greater than or equal to 0");
}

void CheckRelativePath(const std::string& value, const std::string& path, FieldErrors& errors) {
  if (value.starts_with('/')) errors.Invalid(path, value, "must be a relative path");
  for (const std::string_view part : Split(value, '/')) {
    if (part == "..") {
      errors.Invalid(path, value, "must not contain '..'");
      return;
    }
  }
}

void ValidateFieldRef(const json& ref, const std::string& path,
                      std::initializer_list<std::string_view> supported, FieldErrors& errors) {
  const std::string field = TextOf(ref, "fieldPath");
  if (field.empty()) return errors.Required(StrCat(path, ".fieldPath"));
  for (const std::string_view map : {"metadata.labels['", "metadata.annotations['"}) {
    if (!field.starts_with(map) || !field.ends_with("']")) continue;
    const std::string_view key(field.data() + map.size(), field.size() - map.size() - 2);
    return errors.Check(StrCat(path, ".fieldPath"), field, CheckQualifiedName(key));
  }
  if (!OneOf(field, supported))
    errors.NotSupported(StrCat(path, ".fieldPath"), field, {supported.begin(), supported.end()});
}

namespace {

bool IsResourceName(std::string_view name) {
  return OneOf(name, {"cpu", "memory", "ephemeral-storage"}) || name.starts_with("hugepages-") ||
         (name.find('/') != std::string_view::npos && CheckQualifiedName(name).empty());
}

void CheckResourceList(const json& resources, const char* list, const std::string& path,
                       FieldErrors& errors) {
  const auto at = resources.find(list);
  if (at == resources.end()) return;
  for (const auto& [name, amount] : at->items()) {
    const std::string field = StrCat(path, ".", list, "[", name, "]");
    if (!IsResourceName(name)) {
      errors.Invalid(field, name, "must be a standard resource type or fully qualified");
      continue;
    }
    const auto quantity = Quantity::Parse(amount.get_ref<const std::string&>());
    if (quantity && quantity->is_negative())
      errors.Invalid(field, amount, "must be greater than or equal to 0");
  }
}

}  // namespace

void ValidateResources(const json& resources, const std::string& path, FieldErrors& errors) {
  CheckResourceList(resources, "limits", path, errors);
  CheckResourceList(resources, "requests", path, errors);
  const auto limits = resources.find("limits");
  const auto requests = resources.find("requests");
  if (limits == resources.end() || requests == resources.end()) return;
  for (const auto& [name, amount] : requests->items()) {
    if (!limits->contains(name)) continue;
    const auto request = Quantity::Parse(amount.get_ref<const std::string&>());
    const auto limit = Quantity::Parse((*limits)[name].get_ref<const std::string&>());
    if (request && limit && *request > *limit)
      errors.Invalid(StrCat(path, ".requests"), amount,
                     StrCat("must be less than or equal to ", name, " limit of ", limit->text()));
  }
}

void ValidateSeccomp(const json& context, const std::string& path, FieldErrors& errors) {
  for (const char* kind : {"seccompProfile", "appArmorProfile"}) {
    const auto profile = context.find(kind);
    if (profile == context.end()) continue;
    const std::string field = StrCat(path, ".", kind);
    if (!profile->contains("type")) {
      errors.Required(StrCat(field, ".type"), "type is required");
      continue;
    }
    CheckWord(*profile, "type", field, {"Localhost", "RuntimeDefault", "Unconfined"}, errors);
    const std::string local = TextOf(*profile, "localhostProfile");
    const bool is_local = TextOf(*profile, "type") == "Localhost";
    if (is_local && local.empty())
      errors.Required(StrCat(field, ".localhostProfile"),
                      "must be set when seccomp type is Localhost");
    if (!is_local && !local.empty())
      errors.Invalid(StrCat(field, ".localhostProfile"), local,
                     "can only be set when type is Localhost");
    if (std::string_view(kind) == "seccompProfile")
      CheckRelativePath(local, StrCat(field, ".localhostProfile"), errors);
  }
}

}  // namespace caisson::pod_spec
