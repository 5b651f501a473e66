// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper_client/json_fields.h"

#include <nlohmann/json.hpp>

namespace caisson::keeper_client {

using Json = nlohmann::json;

FieldReader::FieldReader(const Json& object) : object_(object) {
  if (!object.is_object()) status_ = Error(Code::kInvalidSpec, "expected a JSON object");
}

void FieldReader::Require(const char* name) {
  if (status_ && !object_.contains(name)) Refuse(name, "missing");
}

void FieldReader::Refuse(const char* name, std::string_view why) {
  status_ = Error(Code::kInvalidSpec, StrCat(name, ": ", why));
}

const Json* FieldReader::Find(const char* name) const {
  if (!status_) return nullptr;
  const auto member = object_.find(name);
  return member == object_.end() ? nullptr : &*member;
}

std::optional<FieldReader::Number> FieldReader::ReadNumber(const Json& json) {
  if (json.is_number_unsigned()) return Number{.bits = json.get<std::uint64_t>()};
  if (!json.is_number_integer()) return std::nullopt;
  const auto value = json.get<std::int64_t>();
  return Number{.negative = value < 0, .bits = static_cast<std::uint64_t>(value)};
}

std::optional<std::size_t> FieldReader::ArraySize(const Json& json) {
  if (!json.is_array()) return std::nullopt;
  return json.size();
}

const Json& FieldReader::Item(const Json& json, std::size_t index) { return json[index]; }

bool FieldReader::Read(const Json& json, std::string& out) {
  if (!json.is_string()) return false;
  out = json.get_ref<const std::string&>();
  return true;
}

bool FieldReader::Read(const Json& json, bool& out) {
  if (!json.is_boolean()) return false;
  out = json.get<bool>();
  return true;
}

bool FieldReader::Read(const Json& json, std::map<std::string, std::string>& out) {
  if (!json.is_object()) return false;
  for (const auto& [key, value] : json.items()) {
    if (!Read(value, out[key])) return false;
  }
  return true;
}

Result<Json> ParseJson(std::string_view text, std::string_view what) {
  auto json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) return Error(Code::kInvalidSpec, StrCat(what, ": malformed JSON"));
  return json;
}

std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace caisson::keeper_client
