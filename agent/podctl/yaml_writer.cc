// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/pod_spec/yaml_scalar.h"
#include "agent/podctl/output.h"

namespace caisson::podctl {
namespace {

using nlohmann::json;

// Plain when YAML reads the text back as the same string, else quoted as JSON does, which YAML
// reads too.
std::string Scalar(const json& value) {
  const auto quoted = [&value] {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
  };
  if (!value.is_string()) return quoted();
  const auto& text = value.get_ref<const std::string&>();
  const bool reads_back = pod_spec::PlainScalar(text).is_string();
  // YAML 1.1 readers take these for booleans.
  for (const char* word : {"y", "n", "yes", "no", "on", "off"}) {
    std::string lower = text;
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower == word) return quoted();
  }
  constexpr std::string_view kSafe =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+=@()$";
  const bool safe = !text.empty() && text.find_first_not_of(kSafe) == std::string::npos;
  // A "-" first would begin a list, a digit first could be a date.
  const bool first = safe && text[0] != '-' && text[0] != '=' && text[0] != '@' &&
                     (text[0] < '0' || text[0] > '9');
  return reads_back && first ? text : quoted();
}

void Write(const json& value, std::size_t indent, std::string& out) {
  const std::string pad(indent, ' ');
  const bool is_list = value.is_array();
  for (auto at = value.begin(); at != value.end(); ++at) {
    out += pad;
    if (is_list) {
      out += "- ";
    } else {
      out += Scalar(at.key()) + ":";
    }
    if (!at->is_structured() || at->empty()) {
      out += (is_list ? "" : " ") + (at->is_structured() ? at->dump() : Scalar(*at)) + "\n";
      continue;
    }
    if (is_list) {
      // The first line of the item stands behind its dash.
      std::string item;
      Write(*at, indent + 2, item);
      out += item.substr(indent + 2);
      continue;
    }
    out.push_back('\n');
    Write(*at, at->is_array() ? indent : indent + 2, out);
  }
}

}  // namespace

std::string ToYaml(const json& document) {
  if (!document.is_structured() || document.empty()) return document.dump() + "\n";
  std::string out;
  Write(document, 0, out);
  return out;
}

}  // namespace caisson::podctl
