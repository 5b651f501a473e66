// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/field_check.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "agent/pod_spec/names.h"
#include "agent/pod_spec/pod.h"
#include "agent/pod_spec/schema.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

std::string_view ShownType(const json& value) {
  switch (value.type()) {
    case json::value_t::object: return "an object";
    case json::value_t::array: return "a list";
    case json::value_t::string: return "a string";
    case json::value_t::boolean: return "a boolean";
    case json::value_t::number_float: return "a fraction";
    case json::value_t::number_integer:
    case json::value_t::number_unsigned: return "a number";
    default: return "null";
  }
}

class Checker {
 public:
  void CheckObject(json& value, const TypeSchema& type, const std::string& path) {
    if (!value.is_object()) return Fail(path, "an object", value);
    for (auto at = value.begin(); at != value.end();) {
      const FieldSchema* field = type.Find(at.key());
      const std::string field_path = path.empty() ? at.key() : StrCat(path, ".", at.key());
      if (field == nullptr) unknown.push_back(field_path);
      if (field == nullptr || at->is_null()) {
        at = value.erase(at);
        continue;
      }
      CheckField(*at, *field, field_path);
      ++at;
    }
  }

  std::vector<std::string> unknown;
  std::optional<Error> error;

 private:
  void CheckField(json& value, const FieldSchema& field, const std::string& path) {
    if (field.shape == FieldShape::kOne) return CheckOne(value, field, path);
    if (field.shape == FieldShape::kList) {
      if (!value.is_array()) return Fail(path, "a list", value);
      for (std::size_t i = 0; i < value.size(); ++i)
        CheckOne(value[i], field, StrCat(path, "[", i, "]"));
      return;
    }
    if (!value.is_object()) return Fail(path, "an object", value);
    for (auto& [key, item] : value.items()) CheckOne(item, field, StrCat(path, "[", key, "]"));
  }

  void CheckOne(json& value, const FieldSchema& field, const std::string& path) {
    switch (field.type) {
      case FieldType::kAny: return;
      case FieldType::kObject: return CheckObject(value, *FindType(field.object), path);
      case FieldType::kString:
        if (!value.is_string()) Fail(path, "a string", value);
        return;
      case FieldType::kBool:
        if (!value.is_boolean()) Fail(path, "a boolean", value);
        return;
      case FieldType::kInt32:
        return CheckInteger(value, path, std::numeric_limits<std::int32_t>::min(),
                            std::numeric_limits<std::int32_t>::max());
      case FieldType::kInt64:
        return CheckInteger(value, path, std::numeric_limits<std::int64_t>::min(),
                            std::numeric_limits<std::int64_t>::max());
      case FieldType::kIntOrName:
        if (!value.is_string())
          CheckInteger(value, path, std::numeric_limits<std::int32_t>::min(),
                       std::numeric_limits<std::int32_t>::max());
        return;
      case FieldType::kTime:
        if (!value.is_string() || !ParseTime(value.get_ref<const std::string&>()))
          Fail(path, "an RFC 3339 time", value);
        return;
      case FieldType::kQuantity: return CheckQuantity(value, path);
      case FieldType::kBytes:
        if (!value.is_string() || !IsBase64(value.get_ref<const std::string&>()))
          Fail(path, "base64 text", value);
        return;
    }
  }

  void CheckInteger(const json& value, const std::string& path, std::int64_t min,
                    std::int64_t max) {
    if (!value.is_number_integer()) return Fail(path, "a whole number", value);
    const bool too_large =
        value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(max);
    const auto number = value.get<std::int64_t>();
    if (too_large || number < min || number > max) {
      FailWith(path, StrCat("number ", value.dump(), " is out of range (", min, " to ", max, ")"));
    }
  }

  void CheckQuantity(json& value, const std::string& path) {
    if (value.is_number()) value = value.dump();
    if (!value.is_string()) return Fail(path, "a quantity", value);
    if (const auto parsed = Quantity::Parse(value.get_ref<const std::string&>()); !parsed)
      FailWith(path, parsed.error().message());
  }

  void Fail(const std::string& path, std::string_view expected, const json& value) {
    FailWith(path, StrCat("expected ", expected, ", got ", ShownType(value)));
  }
  void FailWith(const std::string& path, std::string_view what) {
    if (error) return;
    error.emplace(
        Error(Code::kInvalidSpec, path.empty() ? std::string(what) : StrCat(path, ": ", what)));
  }
};

}  // namespace

Result<std::vector<std::string>> ConformToType(nlohmann::json& document, std::string_view type) {
  const TypeSchema* schema = FindType(type);
  if (schema == nullptr)
    return Error(Code::kInternal, StrCat("type \"", type, "\" is not in the schema"));
  Checker checker;
  checker.CheckObject(document, *schema, "");
  if (checker.error) return *std::move(checker.error);
  return std::move(checker.unknown);
}

}  // namespace caisson::pod_spec
