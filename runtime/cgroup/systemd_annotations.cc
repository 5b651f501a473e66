// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/systemd_annotations.h"

#include <cmath>
#include <cstdlib>
#include <optional>

#include "runtime/spec/annotations.h"

namespace caisson::cgroup::systemd {
namespace {

// One value: D-Bus's signature and the text that the helper reads.
struct Value {
  std::string signature;
  std::string text;
};

// 'text' or "text", the whole of it; a backslash takes the next character as it is.
std::optional<std::string> Quoted(std::string_view text) {
  if (text.size() < 2 || (text.front() != '\'' && text.front() != '"')) return std::nullopt;
  std::string out;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == text.front())
      return i + 1 == text.size() ? std::optional(std::move(out)) : std::nullopt;
    if (text[i] == '\\' && ++i == text.size()) return std::nullopt;
    out.push_back(text[i]);
  }
  return std::nullopt;
}

// ['a', 'b']. The helper's lists have commas between, so that none may be within.
std::optional<Value> List(std::string_view text) {
  if (text.size() < 2 || text.front() != '[' || text.back() != ']') return std::nullopt;
  Value list{"as", {}};
  for (const auto item : Split(text.substr(1, text.size() - 2), ',')) {
    const auto word = Quoted(Trim(item));
    if (!word) return std::nullopt;
    list.text += StrCat(list.text.empty() ? "" : ",", *word);
  }
  return list;
}

template <std::integral Int>
std::optional<Value> Whole(std::string_view signature, std::string_view text) {
  const auto number = ParseInt<Int>(text);
  if (!number) return std::nullopt;
  return Value{std::string(signature), StrCat(*number)};
}

std::optional<Value> Number(std::string_view text) {
  const auto space = text.find(' ');
  const auto type = space == text.npos ? std::string_view() : text.substr(0, space);
  const auto digits = space == text.npos ? text : Trim(text.substr(space));
  if (type == "int32" || type.empty()) {
    if (auto whole = Whole<std::int32_t>("i", digits)) return whole;
  }
  if (type == "uint32") return Whole<std::uint32_t>("u", digits);
  if (type == "int64") return Whole<std::int64_t>("x", digits);
  if (type == "uint64") return Whole<std::uint64_t>("t", digits);
  if (!type.empty() || digits.find_first_not_of("0123456789.-") != digits.npos) return std::nullopt;
  const std::string copy(digits);
  char* end = nullptr;
  (void)std::strtod(copy.c_str(), &end);
  if (copy.find('.') == copy.npos || *end != '\0') return std::nullopt;
  return Value{"d", copy};
}

std::optional<Value> Parse(std::string_view text) {
  if (text == "true" || text == "false") return Value{"b", std::string(text)};
  if (auto word = Quoted(text)) return Value{"s", *std::move(word)};
  if (auto list = List(text)) return list;
  return Number(text);
}

bool IsName(std::string_view name) {
  constexpr std::size_t kShortest = 3;
  if (name.size() < kShortest) return false;
  for (const char c : name) {
    if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z')) return false;
  }
  return true;
}

// "TimeoutStopSec", but not "TimeoutStopUSec".
bool IsInSeconds(std::string_view name) {
  return name.size() > 3 && name.ends_with("Sec") && name[name.size() - 4] >= 'a';
}

std::optional<Value> Microseconds(const Value& seconds) {
  constexpr double kMost = 1e12;  // 31 000 years
  if (seconds.signature == "s" || seconds.signature == "b" || seconds.signature == "as")
    return std::nullopt;
  const double value = std::strtod(seconds.text.c_str(), nullptr);
  if (value < 0 || value > kMost) return std::nullopt;
  return Value{"t", StrCat(static_cast<std::uint64_t>(std::llround(value * 1e6)))};
}

}  // namespace

Result<std::vector<std::string>> AnnotatedProperties(const spec::StringMap& annotations) {
  std::vector<std::string> properties;
  for (const auto& [key, text] : annotations) {
    if (!key.starts_with(spec::kSystemdPropertyPrefix)) continue;
    std::string name = key.substr(spec::kSystemdPropertyPrefix.size());
    const auto wrong = [&key = key](std::string_view why) {
      return Error(Code::kInvalidSpec, StrCat("annotations.", key, ": ", why));
    };
    if (!IsName(name)) return wrong("does not end in the name of a property");
    std::optional<Value> value = Parse(Trim(text));
    if (value && IsInSeconds(name)) {
      name.replace(name.size() - 3, 3, "USec");
      value = Microseconds(*value);
    }
    if (!value)
      return wrong(StrCat("\"", text, "\" is no value for it"))
          .Hint("write it as GVariant text: true, 'text', ['a', 'b'], 5 or uint64 5");
    properties.push_back(StrCat(name, "=", value->signature, ":", value->text));
  }
  return properties;
}

}  // namespace caisson::cgroup::systemd
