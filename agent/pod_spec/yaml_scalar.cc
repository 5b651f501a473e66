// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/yaml_scalar.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

bool OneOf(std::string_view text, std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words) {
    if (word == text) return true;
  }
  return false;
}

template <class Int>
std::optional<Int> ToInt(std::string_view digits, int base) {
  Int value{};
  const char* const end = digits.data() + digits.size();
  const auto parsed = std::from_chars(digits.data(), end, value, base);
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

std::optional<json> WholeNumber(std::string_view text) {
  const bool negative = text[0] == '-';
  if (negative || text[0] == '+') text.remove_prefix(1);
  if (text.empty() || text[0] == '-' || text[0] == '+') return std::nullopt;
  int base = 10;
  if (text.starts_with("0x")) {
    base = 16;
    text.remove_prefix(2);
  } else if (text.starts_with("0o")) {
    base = 8;
    text.remove_prefix(2);
  } else if (text.size() > 1 && text[0] == '0') {
    base = 8;
  }
  if (text.starts_with('-')) return std::nullopt;
  const auto value = ToInt<std::int64_t>(text, base);
  if (value) return json(negative ? -*value : *value);
  if (const auto large = ToInt<std::uint64_t>(text, base); large && !negative) return json(*large);
  return std::nullopt;
}

std::optional<json> RealNumber(std::string_view text) {
  if (text.find_first_not_of("0123456789+-.eE") != std::string_view::npos) return std::nullopt;
  if (text.find_first_of("0123456789") == std::string_view::npos) return std::nullopt;
  if (text[0] == '+') text.remove_prefix(1);
  double value = 0;
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end || !std::isfinite(value)) return std::nullopt;
  return json(value);
}

}  // namespace

json PlainScalar(const std::string& text) {
  if (OneOf(text, {"", "~", "null", "Null", "NULL"})) return nullptr;
  if (OneOf(text, {"true", "True", "TRUE"})) return true;
  if (OneOf(text, {"false", "False", "FALSE"})) return false;
  if (auto whole = WholeNumber(text)) return *std::move(whole);
  if (auto real = RealNumber(text)) return *std::move(real);
  return text;  // JSON has no infinity and no NaN: ".inf" stays a string
}

}  // namespace caisson::pod_spec
