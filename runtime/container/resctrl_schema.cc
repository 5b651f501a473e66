// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/resctrl_schema.h"

#include <charconv>
#include <map>
#include <optional>

#include "runtime/base/strings.h"

namespace caisson::container {
namespace {

// One line: the resource, and what each of its domains gets.
struct Schema {
  std::string_view resource;
  std::map<std::string_view, std::string_view> domains;
};

Schema Parse(std::string_view line) {
  Schema schema;
  const auto colon = line.find(':');
  if (colon == line.npos) return schema;
  schema.resource = Trim(line.substr(0, colon));
  for (const std::string_view part : Split(line.substr(colon + 1), ';')) {
    const auto equals = part.find('=');
    if (equals != part.npos)
      schema.domains[Trim(part.substr(0, equals))] = Trim(part.substr(equals + 1));
  }
  return schema;
}

// Bandwidth is decimal, masks of caches are hexadecimal.
bool IsBandwidth(std::string_view resource) { return resource == "MB" || resource == "SMBA"; }

std::optional<std::uint64_t> Number(std::string_view text, int base) {
  if (base == 16 && (text.starts_with("0x") || text.starts_with("0X"))) text.remove_prefix(2);
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool IsSame(std::string_view resource, std::string_view wanted, std::string_view there,
            std::uint64_t bandwidth_step) {
  const bool bandwidth = IsBandwidth(resource);
  auto value = Number(wanted, bandwidth ? 10 : 16);
  const auto found = Number(there, bandwidth ? 10 : 16);
  if (!value || !found) return wanted == there;
  if (bandwidth && bandwidth_step > 1)
    value = (*value + bandwidth_step - 1) / bandwidth_step * bandwidth_step;
  return *value == *found;
}

}  // namespace

std::vector<std::string> SchemataWrites(const spec::IntelRdt& config) {
  std::vector<std::string> writes;
  const auto add = [&writes](const std::string& lines) {
    if (!lines.empty()) writes.push_back(lines);
  };
  const auto line = [](const std::string& text) { return text.empty() ? "" : text + "\n"; };
  add(line(config.l3_cache_schema) + line(config.mem_bw_schema));
  std::string last;
  for (const std::string& schema : config.schemata) last += line(schema);
  add(last);
  return writes;
}

bool HasSchema(std::string_view text, std::string_view wanted, std::uint64_t bandwidth_step) {
  const Schema asked = Parse(wanted);
  for (const std::string_view line : Split(text, '\n')) {
    const Schema there = Parse(line);
    if (there.resource != asked.resource || asked.resource.empty()) continue;
    for (const auto& [domain, value] : asked.domains) {
      const auto found = there.domains.find(domain);
      if (found == there.domains.end() ||
          !IsSame(asked.resource, value, found->second, bandwidth_step))
        return false;
    }
    return true;
  }
  return false;
}

}  // namespace caisson::container
