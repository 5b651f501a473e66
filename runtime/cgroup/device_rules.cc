// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/device_rules.h"

namespace caisson::cgroup {
namespace {

using Number = std::optional<std::uint32_t>;

// Other letters mean nothing, as in runc; validation has warned of them.
std::uint8_t ParseAccess(std::string_view letters) {
  if (letters.empty()) return DeviceRule::kAll;
  std::uint8_t access = 0;
  for (const char letter : letters) {
    switch (letter) {
      case 'r': access |= DeviceRule::kRead; break;
      case 'w': access |= DeviceRule::kWrite; break;
      case 'm': access |= DeviceRule::kMknod; break;
      default: break;
    }
  }
  return access;
}

Result<Number> ParseNumber(std::optional<std::int64_t> number, const std::string& field) {
  if (!number || *number == -1) return Number();
  if (*number < 0 || *number > UINT32_MAX)
    return Error(Code::kInvalidSpec, StrCat(field, ": no device has the number ", *number));
  return Number(static_cast<std::uint32_t>(*number));
}

}  // namespace

Result<std::vector<DeviceRule>> EffectiveRules(const std::vector<spec::DeviceRule>& rules) {
  std::vector<DeviceRule> out;
  out.push_back({.allow = false});
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const std::string field = StrCat("linux.resources.devices[", i, "]");
    DeviceRule rule{.allow = rules[i].allow, .type = rules[i].type, .field = field};
    rule.access = ParseAccess(rules[i].access);
    if (rule.access == 0) continue;
    CAISSON_ASSIGN(rule.major, ParseNumber(rules[i].major, field + ".major"));
    CAISSON_ASSIGN(rule.minor, ParseNumber(rules[i].minor, field + ".minor"));
    if (rule.type != 'a' && rule.type != 'b' && rule.type != 'c')
      return Error(Code::kInvalidSpec, StrCat(field, ".type: must be a, b or c"));
    if (rule.type != 'a') {
      out.push_back(std::move(rule));
    } else if (!rule.major && !rule.minor && rule.access == DeviceRule::kAll) {
      out.clear();  // whatever came before is overruled
      out.push_back(std::move(rule));
    } else {
      // The kernel's "a" means every number and access; these mean some, of either type.
      for (const char type : {'b', 'c'}) {
        rule.type = type;
        out.push_back(rule);
      }
    }
  }
  static constexpr std::uint8_t kAll = DeviceRule::kAll;
  const DeviceRule ours[] = {{true, 'c', {}, {}, DeviceRule::kMknod, {}},
                             {true, 'b', {}, {}, DeviceRule::kMknod, {}},
                             {true, 'c', 1, 3, kAll, {}},      // null
                             {true, 'c', 1, 5, kAll, {}},      // zero
                             {true, 'c', 1, 7, kAll, {}},      // full
                             {true, 'c', 1, 8, kAll, {}},      // random
                             {true, 'c', 1, 9, kAll, {}},      // urandom
                             {true, 'c', 5, 0, kAll, {}},      // tty
                             {true, 'c', 5, 2, kAll, {}},      // ptmx
                             {true, 'c', 136, {}, kAll, {}}};  // pts/*
  if (!AllowAll(out)) out.insert(out.end(), std::begin(ours), std::end(ours));
  return out;
}

bool AllowAll(const std::vector<DeviceRule>& rules) {
  bool all = false;
  for (const DeviceRule& rule : rules) {
    if (rule.type == 'a') all = rule.allow;
    if (!rule.allow) all = false;
  }
  return all;
}

std::string V1Line(const DeviceRule& rule) {
  if (rule.type == 'a') return "a";
  const auto number = [](Number n) { return n ? StrCat(*n) : std::string("*"); };
  std::string line = StrCat(rule.type, " ", number(rule.major), ":", number(rule.minor), " ");
  if (rule.access & DeviceRule::kRead) line.push_back('r');
  if (rule.access & DeviceRule::kWrite) line.push_back('w');
  if (rule.access & DeviceRule::kMknod) line.push_back('m');
  return line;
}

}  // namespace caisson::cgroup
