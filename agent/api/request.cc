// SPDX-License-Identifier: Apache-2.0
#include "agent/api/request.h"

namespace caisson::api {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// `plus` is what "+" stands for: itself in a path, a space in a query.
Result<std::string> Decode(std::string_view text, char plus) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out.push_back(plus);
      continue;
    }
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? HexDigit(text[i + 2]) : -1;
    if (high < 0 || low < 0)
      return Error(Code::kInvalidSpec, StrCat("request target: broken escape in \"", text, "\""));
    if (high == 0 && low == 0)
      return Error(Code::kInvalidSpec, "request target: it holds a NUL byte");
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

}  // namespace

std::string Request::Header(const std::string& name) const {
  const auto at = headers.find(name);
  return at == headers.end() ? std::string() : at->second;
}

std::optional<std::string> Request::Query(const std::string& name) const {
  const auto at = query.find(name);
  if (at == query.end()) return std::nullopt;
  return at->second;
}

std::string Request::Param(const std::string& name) const {
  const auto at = params.find(name);
  return at == params.end() ? std::string() : at->second;
}

bool Request::Flag(const std::string& name) const {
  const auto value = Query(name);
  return value == "true" || value == "1" || value == "True";
}

Result<Target> ParseTarget(std::string_view target) {
  if (!target.starts_with('/'))
    return Error(Code::kInvalidSpec, "request target: it must begin with a slash");
  Target out;
  target = target.substr(0, target.find('#'));
  const auto mark = target.find('?');
  for (const std::string_view part :
       Split(target.substr(1, mark == target.npos ? mark : mark - 1), '/')) {
    CAISSON_ASSIGN(std::string segment, Decode(part, '+'));
    out.path.push_back(std::move(segment));
  }
  if (out.path.size() > 1 && out.path.back().empty()) out.path.pop_back();  // trailing slash
  if (mark == target.npos) return out;
  for (const std::string_view pair : Split(target.substr(mark + 1), '&')) {
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    CAISSON_ASSIGN(std::string name, Decode(pair.substr(0, equals), ' '));
    CAISSON_ASSIGN(std::string value,
                   Decode(equals == pair.npos ? std::string_view() : pair.substr(equals + 1), ' '));
    out.query.emplace(std::move(name), std::move(value));
  }
  return out;
}

}  // namespace caisson::api
