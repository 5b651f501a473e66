// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/options.h"

#include <algorithm>

#include "runtime/base/strings.h"

namespace caisson::cli {
namespace {

const Option* Find(std::span<const Option> table, std::string_view name) {
  for (const Option& option : table) {
    const bool by_letter = name.size() == 1 && option.letter == name[0];
    if (option.name == name || by_letter || (!name.empty() && option.other == name)) return &option;
  }
  return nullptr;
}

bool IsOption(std::string_view argument) { return argument.size() > 1 && argument[0] == '-'; }

}  // namespace

std::optional<bool> ParseSwitch(std::string_view text) {
  for (const std::string_view yes : {"1", "t", "T", "true", "TRUE", "True"})
    if (text == yes) return true;
  for (const std::string_view no : {"0", "f", "F", "false", "FALSE", "False"})
    if (text == no) return false;
  return std::nullopt;
}

bool Parsed::On(std::string_view name) const {
  const auto value = Last(name);
  return value && ParseSwitch(*value).value_or(false);
}

std::optional<std::string> Parsed::Last(std::string_view name) const {
  for (auto at = given_.rbegin(); at != given_.rend(); ++at)
    if (at->first == name) return std::string(at->second);
  return std::nullopt;
}

std::string Parsed::Get(std::string_view name, std::string_view otherwise) const {
  auto value = Last(name);
  return value ? *std::move(value) : std::string(otherwise);
}

std::vector<std::string> Parsed::All(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [given, value] : given_)
    if (given == name) values.emplace_back(value);
  return values;
}

namespace {

// The value that an option has, which was written as `name`, if it may have it.
Result<std::string_view> CheckValue(const Option& option, std::string_view name,
                                    std::optional<std::string_view> value) {
  if (option.is_switch()) {
    const std::string_view text = value.value_or("true");
    if (ParseSwitch(text)) return text;
    return Error(Code::kInvalidSpec,
                 StrCat("invalid boolean value \"", text, "\" for -", name, ": parse error"));
  }
  if (!value) return Error(Code::kInvalidSpec, StrCat("flag needs an argument: -", name));
  if (option.is_number && !ParseInt<std::int64_t>(*value))
    return Error(Code::kInvalidSpec,
                 StrCat("invalid value \"", *value, "\" for flag -", name, ": parse error"));
  return *value;
}

}  // namespace

Result<Parsed> ParseOptions(std::span<const Option> table, std::span<const std::string_view> args,
                            Placement placement) {
  Parsed parsed;
  std::size_t at = 0;
  for (; at < args.size(); ++at) {
    const std::string_view argument = args[at];
    if (argument == "--") {
      ++at;
      break;
    }
    if (!IsOption(argument)) {
      if (placement == Placement::kBeforeArguments) break;
      parsed.arguments_.emplace_back(argument);
      continue;
    }
    std::string_view name = argument.substr(argument.starts_with("--") ? 2 : 1);
    std::optional<std::string_view> value;
    if (const auto equals = name.find('='); equals != std::string_view::npos) {
      value = name.substr(equals + 1);
      name = name.substr(0, equals);
    }
    const Option* const option = Find(table, name);
    if (option == nullptr)
      return Error(Code::kInvalidSpec, StrCat("flag provided but not defined: -", name))
          .Hint("see --help");
    // The value of an option that is no switch may be the next word, whatever it looks like.
    if (!value && !option->is_switch() && at + 1 < args.size()) value = args[++at];
    CAISSON_ASSIGN(const std::string_view text, CheckValue(*option, name, value));
    parsed.given_.emplace_back(option->name, text);
  }
  for (; at < args.size(); ++at) parsed.arguments_.emplace_back(args[at]);
  return parsed;
}

std::string DescribeOptions(std::span<const Option> table) {
  std::vector<std::string> heads;
  std::size_t width = 0;
  for (const Option& option : table) {
    const std::string value = option.is_switch() ? "" : StrCat(" ", option.value_name);
    std::string head = StrCat("   --", option.name, value);
    if (option.letter != 0) head.append(StrCat(", -", option.letter, value));
    if (!option.other.empty()) head.append(StrCat(", --", option.other, value));
    width = std::max(width, head.size());
    heads.push_back(std::move(head));
  }
  std::string text;
  for (std::size_t i = 0; i < table.size(); ++i) {
    text.append(heads[i]).append(width + 2 - heads[i].size(), ' ');
    text.append(table[i].help).append("\n");
  }
  return text;
}

}  // namespace caisson::cli
