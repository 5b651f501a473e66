// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::keeper_client {

// Reads members of one JSON object into fields of the same type. The first member of a wrong type
// is remembered; the rest is then skipped, so that a caller checks once, at the end. A member that
// is not there leaves the field as it is, unless it is needed.
class FieldReader {
 public:
  explicit FieldReader(const nlohmann::json& object);

  FieldReader& Needs(const char* name, auto& field) {
    Require(name);
    return Takes(name, field);
  }
  FieldReader& Takes(const char* name, auto& field) {
    const nlohmann::json* const member = Find(name);
    if (member != nullptr && !Read(*member, field)) Refuse(name, "wrong type or out of range");
    return *this;
  }
  Status Done() { return std::move(status_); }

 private:
  // A whole number of either sign, as JSON has them.
  struct Number {
    bool negative = false;
    std::uint64_t bits = 0;
  };

  void Require(const char* name);
  void Refuse(const char* name, std::string_view why);
  const nlohmann::json* Find(const char* name) const;  // nothing after the first failure

  static std::optional<Number> ReadNumber(const nlohmann::json& json);
  static std::optional<std::size_t> ArraySize(const nlohmann::json& json);
  static const nlohmann::json& Item(const nlohmann::json& json, std::size_t index);

  static bool Read(const nlohmann::json& json, std::string& out);
  static bool Read(const nlohmann::json& json, bool& out);
  static bool Read(const nlohmann::json& json, std::map<std::string, std::string>& out);
  template <std::integral Int>
  static bool Read(const nlohmann::json& json, Int& out) {
    const auto number = ReadNumber(json);
    if (!number) return false;
    out = static_cast<Int>(number->bits);
    return number->negative ? std::in_range<Int>(static_cast<std::int64_t>(number->bits))
                            : std::in_range<Int>(number->bits);
  }
  template <class T>
  static bool Read(const nlohmann::json& json, std::vector<T>& out) {
    const auto size = ArraySize(json);
    if (!size) return false;
    out.resize(*size);
    for (std::size_t i = 0; i < *size; ++i) {
      if (!Read(Item(json, i), out[i])) return false;
    }
    return true;
  }

  const nlohmann::json& object_;
  Status status_ = Ok();
};

// Parses without exceptions. Errors: kInvalidSpec.
Result<nlohmann::json> ParseJson(std::string_view text, std::string_view what);

// One line; bytes that are not UTF-8 become U+FFFD instead of an exception.
std::string Dump(const nlohmann::json& json);

}  // namespace caisson::keeper_client
