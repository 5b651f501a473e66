// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/schema.h"

#include <memory>
#include <utility>

#include "agent/pod_spec/schema_types.h"
#include "runtime/base/strings.h"

namespace caisson::pod_spec {
namespace {

struct Schema {
  std::vector<std::unique_ptr<TypeSchema>> owned;
  std::vector<const TypeSchema*> order;
  std::unordered_map<std::string_view, const TypeSchema*> by_name;
};

FieldType TypeOf(std::string_view word) {
  static constexpr std::pair<std::string_view, FieldType> kNames[] = {
      {"string", FieldType::kString},  {"bool", FieldType::kBool},
      {"int32", FieldType::kInt32},    {"int64", FieldType::kInt64},
      {"time", FieldType::kTime},      {"quantity", FieldType::kQuantity},
      {"port", FieldType::kIntOrName}, {"bytes", FieldType::kBytes},
      {"any", FieldType::kAny},
  };
  for (const auto& [name, type] : kNames) {
    if (name == word) return type;
  }
  return FieldType::kObject;
}

// "containers []Container!name"
FieldSchema ParseField(std::string_view text) {
  const auto space = text.find(' ');
  FieldSchema field;
  field.name = text.substr(0, space);
  std::string_view type = Trim(text.substr(space + 1));
  if (type.starts_with("[]")) {
    field.shape = FieldShape::kList;
    type.remove_prefix(2);
  } else if (type.starts_with("{}")) {
    field.shape = FieldShape::kMap;
    type.remove_prefix(2);
  }
  if (const auto mark = type.find('!'); mark != std::string_view::npos) {
    field.merge_key = type.substr(mark + 1);
    type = type.substr(0, mark);
  }
  field.type = TypeOf(type);
  if (field.type == FieldType::kObject) field.object = type;
  return field;
}

Schema BuildSchema() {
  Schema schema;
  for (const std::string_view line : Split(kSchemaTypes, '\n')) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    auto type = std::make_unique<TypeSchema>();
    type->name = Trim(line.substr(0, colon));
    for (const std::string_view field : Split(line.substr(colon + 1), ',')) {
      if (const auto text = Trim(field); !text.empty()) type->fields.push_back(ParseField(text));
    }
    schema.order.push_back(type.get());
    schema.by_name.emplace(type->name, type.get());
    schema.owned.push_back(std::move(type));
  }
  return schema;
}

const Schema& TheSchema() {
  static const Schema schema = BuildSchema();
  return schema;
}

}  // namespace

const FieldSchema* TypeSchema::Find(std::string_view field) const {
  for (const FieldSchema& candidate : fields) {
    if (candidate.name == field) return &candidate;
  }
  return nullptr;
}

const TypeSchema* FindType(std::string_view name) {
  const auto& types = TheSchema().by_name;
  const auto at = types.find(name);
  return at == types.end() ? nullptr : at->second;
}

const std::vector<const TypeSchema*>& AllTypes() { return TheSchema().order; }

}  // namespace caisson::pod_spec
