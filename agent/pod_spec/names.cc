// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/names.h"

#include <arpa/inet.h>

#include <algorithm>

#include "runtime/base/strings.h"

namespace caisson::pod_spec {
namespace {

bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsLetter(char c) { return IsLower(c) || (c >= 'A' && c <= 'Z'); }
bool IsLowerOrDigit(char c) { return IsLower(c) || IsDigit(c); }
bool IsAlphanumeric(char c) { return IsLetter(c) || IsDigit(c); }

std::string TooLong(std::size_t max) { return StrCat("must be no more than ", max, " characters"); }

bool IsDnsLabel(std::string_view text) {
  if (text.empty() || !IsLowerOrDigit(text.front()) || !IsLowerOrDigit(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsLowerOrDigit(c) || c == '-'; });
}

// [A-Za-z0-9] at both ends, and -_. between.
bool IsNamePart(std::string_view text) {
  if (text.empty() || !IsAlphanumeric(text.front()) || !IsAlphanumeric(text.back())) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '-' || c == '_' || c == '.'; });
}

}  // namespace

std::string CheckDnsLabel(std::string_view text) {
  if (text.size() > 63) return TooLong(63);
  if (IsDnsLabel(text)) return {};
  return "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', "
         "and "
         "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex "
         "used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
}

std::string CheckDnsSubdomain(std::string_view text) {
  if (text.size() > 253) return TooLong(253);
  const auto parts = Split(text, '.');
  if (std::all_of(parts.begin(), parts.end(), IsDnsLabel)) return {};
  return "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' "
         "or "
         "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex "
         "used for validation is "
         "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
}

std::string CheckQualifiedName(std::string_view text) {
  const auto slash = text.find('/');
  if (slash != std::string_view::npos) {
    if (slash == 0) return "prefix part must be non-empty";
    if (std::string wrong = CheckDnsSubdomain(text.substr(0, slash)); !wrong.empty())
      return StrCat("prefix part ", wrong);
    text.remove_prefix(slash + 1);
  }
  if (text.empty()) return "name part must be non-empty";
  if (text.size() > 63) return StrCat("name part ", TooLong(63));
  if (IsNamePart(text)) return {};
  return "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and "
         "end "
         "with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used "
         "for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
}

std::string CheckLabelValue(std::string_view text) {
  if (text.size() > 63) return TooLong(63);
  if (text.empty() || IsNamePart(text)) return {};
  return "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
         "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or "
         "'my_value',  or '12345', regex used for validation is "
         "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
}

std::string CheckEnvName(std::string_view text) {
  const bool valid = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= ' ' && c <= '~' && c != '=';
  });
  if (valid) return {};
  return "a valid environment variable name must consist only of printable ASCII characters other "
         "than '='";
}

std::string CheckConfigKey(std::string_view text) {
  if (text.size() > 253) return TooLong(253);
  const bool valid = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return IsAlphanumeric(c) || c == '-' || c == '_' || c == '.';
  });
  if (!valid)
    return "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. "
           "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is "
           "'[-._a-zA-Z0-9]+')";
  if (text == ".") return "must not be '.'";
  if (text == "..") return "must not be '..'";
  if (text.starts_with("..")) return "must not start with '..'";
  return {};
}

std::string CheckPortName(std::string_view text) {
  if (text.size() > 15) return TooLong(15);
  if (!IsDnsLabel(text))
    return "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)";
  if (!std::any_of(text.begin(), text.end(), IsLower))
    return "must contain at least one letter (a-z)";
  if (text.find("--") != std::string_view::npos) return "must not contain consecutive hyphens";
  return {};
}

bool IsIpAddress(std::string_view text) {
  const std::string address(text);
  unsigned char parsed[sizeof(in6_addr)];
  return ::inet_pton(AF_INET, address.c_str(), parsed) == 1 ||
         ::inet_pton(AF_INET6, address.c_str(), parsed) == 1;
}

bool IsBase64(std::string_view text) {
  if (text.size() % 4 != 0) return false;
  const auto padding = text.find('=');
  std::string_view digits = text.substr(0, padding);
  if (text.size() - digits.size() > 2) return false;
  if (padding != std::string_view::npos && text.find_first_not_of('=', padding) != text.npos)
    return false;
  return std::all_of(digits.begin(), digits.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '+' || c == '/'; });
}

}  // namespace caisson::pod_spec
