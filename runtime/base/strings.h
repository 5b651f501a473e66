// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace caisson {

namespace internal {
inline void AppendPart(std::string& out, std::string_view part) { out.append(part); }
inline void AppendPart(std::string& out, char part) { out.push_back(part); }
template <std::integral Int>
requires(!std::same_as<Int, bool>) void AppendPart(std::string& out, Int part) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, part).ptr;
  out.append(digits, end);
}
}  // namespace internal

// Strings, characters and integers, one after the other.
template <class... Parts>
std::string StrCat(const Parts&... parts) {
  std::string out;
  (internal::AppendPart(out, parts), ...);
  return out;
}

// Pieces between separators, empty ones included: Split("a,,b", ',') is {"a", "", "b"}; Split("")
// is {""}. The views point into `text`.
std::vector<std::string_view> Split(std::string_view text, char separator);

// Without spaces, tabs and line ends at both ends. Points into `text`.
std::string_view Trim(std::string_view text);

std::string Join(const std::vector<std::string>& parts, std::string_view separator);

// Decimal digits only (an optional '-' when Int is signed), in range, nothing before or after.
template <std::integral Int>
std::optional<Int> ParseInt(std::string_view text) {
  Int value{};
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

}  // namespace caisson
