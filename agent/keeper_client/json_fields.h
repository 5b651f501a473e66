// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::keeper_client {

// Reads members of one JSON object into fields of the same type. The first member of a wrong type
// is remembered; the rest is then skipped, so that a caller checks once, at the end. A member that
// is not there leaves the field as it is, unless it is needed.
class FieldReader {
 public:
  explicit FieldReader(const nlohmann::json& object) : object_(object) {
    if (!object.is_object()) status_ = Error(Code::kInvalidSpec, "expected a JSON object");
  }

  FieldReader& Needs(const char* name, auto& field) {
    if (status_ && !object_.contains(name))
      status_ = Error(Code::kInvalidSpec, StrCat(name, ": missing"));
    return Takes(name, field);
  }
  FieldReader& Takes(const char* name, auto& field) {
    if (!status_) return *this;
    const auto member = object_.find(name);
    if (member != object_.end() && !Read(*member, field))
      status_ = Error(Code::kInvalidSpec, StrCat(name, ": wrong type or out of range"));
    return *this;
  }
  Status Done() { return std::move(status_); }

 private:
  using Json = nlohmann::json;
  static bool Read(const Json& json, std::string& out) {
    if (!json.is_string()) return false;
    out = json.get_ref<const std::string&>();
    return true;
  }
  static bool Read(const Json& json, bool& out) {
    if (!json.is_boolean()) return false;
    out = json.get<bool>();
    return true;
  }
  template <std::integral Int>
  static bool Read(const Json& json, Int& out) {
    if (json.is_number_unsigned()) {
      const auto value = json.get<std::uint64_t>();
      out = static_cast<Int>(value);
      return std::in_range<Int>(value);
    }
    if (!json.is_number_integer()) return false;
    const auto value = json.get<std::int64_t>();
    out = static_cast<Int>(value);
    return std::in_range<Int>(value);
  }
  template <class Item>
  static bool Read(const Json& json, std::vector<Item>& out) {
    if (!json.is_array()) return false;
    out.resize(json.size());
    for (std::size_t i = 0; i < json.size(); ++i) {
      if (!Read(json[i], out[i])) return false;
    }
    return true;
  }
  static bool Read(const Json& json, std::map<std::string, std::string>& out) {
    if (!json.is_object()) return false;
    for (const auto& [key, value] : json.items()) {
      if (!Read(value, out[key])) return false;
    }
    return true;
  }

  const Json& object_;
  Status status_ = Ok();
};

// Parses without exceptions. Errors: kInvalidSpec.
inline Result<nlohmann::json> ParseJson(std::string_view text, std::string_view what) {
  auto json = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Error(Code::kInvalidSpec, StrCat(what, ": malformed JSON"));
  return json;
}

// One line; bytes that are not UTF-8 become U+FFFD instead of an exception.
inline std::string Dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace caisson::keeper_client
