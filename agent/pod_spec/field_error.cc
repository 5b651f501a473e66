// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/field_error.h"

#include <nlohmann/json.hpp>

#include "runtime/base/strings.h"

namespace caisson::pod_spec {

using nlohmann::json;

namespace {

constexpr std::size_t kMaxShownValue = 1024;  // a Status is no place for a megabyte of bad input

std::string Shown(const json& value) {
  std::string text = value.dump(-1, ' ', false, json::error_handler_t::replace);
  if (text.size() <= kMaxShownValue) return text;
  std::size_t end = kMaxShownValue;  // never inside a UTF-8 sequence
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return StrCat(text.substr(0, end), "...");
}

}  // namespace

std::string_view FieldError::Reason() const {
  switch (kind) {
    case Kind::kRequired: return "FieldValueRequired";
    case Kind::kInvalid: return "FieldValueInvalid";
    case Kind::kNotSupported: return "FieldValueNotSupported";
    case Kind::kDuplicate: return "FieldValueDuplicate";
    case Kind::kForbidden: return "FieldValueForbidden";
    case Kind::kTooLong: return "FieldValueTooLong";
    case Kind::kNotFound: return "FieldValueNotFound";
  }
  return "FieldValueInvalid";
}

std::string FieldError::Message() const {
  const auto with_value = [this](std::string_view head) {
    return detail.empty() ? StrCat(head, ": ", value) : StrCat(head, ": ", value, ": ", detail);
  };
  switch (kind) {
    case Kind::kRequired:
      return detail.empty() ? "Required value" : StrCat("Required value: ", detail);
    case Kind::kForbidden: return StrCat("Forbidden: ", detail);
    case Kind::kTooLong: return StrCat("Too long: ", detail);
    case Kind::kInvalid: return with_value("Invalid value");
    case Kind::kNotSupported: return with_value("Unsupported value");
    case Kind::kDuplicate: return with_value("Duplicate value");
    case Kind::kNotFound: return with_value("Not found");
  }
  return detail;
}

void FieldErrors::Required(std::string field, std::string detail) {
  errors_.push_back({FieldError::Kind::kRequired, std::move(field), {}, std::move(detail)});
}
void FieldErrors::Invalid(std::string field, const json& value, std::string detail) {
  errors_.push_back(
      {FieldError::Kind::kInvalid, std::move(field), Shown(value), std::move(detail)});
}
void FieldErrors::NotSupported(std::string field, const json& value,
                               const std::vector<std::string_view>& supported) {
  std::vector<std::string> quoted;
  quoted.reserve(supported.size());
  for (const std::string_view name : supported) quoted.push_back(StrCat("\"", name, "\""));
  errors_.push_back({FieldError::Kind::kNotSupported, std::move(field), Shown(value),
                     StrCat("supported values: ", Join(quoted, ", "))});
}
void FieldErrors::Duplicate(std::string field, const json& value) {
  errors_.push_back({FieldError::Kind::kDuplicate, std::move(field), Shown(value), {}});
}
void FieldErrors::Forbidden(std::string field, std::string detail) {
  errors_.push_back({FieldError::Kind::kForbidden, std::move(field), {}, std::move(detail)});
}
void FieldErrors::TooLong(std::string field, std::size_t max_bytes) {
  errors_.push_back({FieldError::Kind::kTooLong,
                     std::move(field),
                     {},
                     StrCat("may not be more than ", max_bytes, " bytes")});
}
void FieldErrors::NotFound(std::string field, const json& value) {
  errors_.push_back({FieldError::Kind::kNotFound, std::move(field), Shown(value), {}});
}
void FieldErrors::Check(const std::string& field, const std::string& value,
                        const std::string& wrong) {
  if (!wrong.empty()) Invalid(field, value, wrong);
}

std::string FieldErrors::Summary() const {
  std::vector<std::string> texts;
  for (const FieldError& error : errors_)
    texts.push_back(StrCat(error.field, ": ", error.Message()));
  if (texts.size() == 1) return texts.front();
  return StrCat("[", Join(texts, ", "), "]");
}

}  // namespace caisson::pod_spec
