// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace caisson::pod_spec {

// The served API types as data: which fields a type has, of which type, and how a strategic merge
// patch joins its lists. Parsing, strictness, patches and the OpenAPI document all read this.

enum class FieldType {
  kString,
  kBool,
  kInt32,
  kInt64,
  kTime,       // RFC 3339
  kQuantity,   // a string, or a bare number
  kIntOrName,  // a port: a number or a name
  kBytes,      // base64
  kAny,        // kept as it is
  kObject,     // `object` names the type
};
enum class FieldShape { kOne, kList, kMap };

struct FieldSchema {
  std::string name;
  FieldType type = FieldType::kString;
  FieldShape shape = FieldShape::kOne;
  std::string object;     // type name, with kObject
  std::string merge_key;  // lists of objects that merge by this key; "*" for lists that are sets
};

struct TypeSchema {
  std::string name;
  std::vector<FieldSchema> fields;
  const FieldSchema* Find(std::string_view field) const;
};

// Null when there is no such type. Thread-safe.
const TypeSchema* FindType(std::string_view name);
// In the order of the table.
const std::vector<const TypeSchema*>& AllTypes();

}  // namespace caisson::pod_spec
