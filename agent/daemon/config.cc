// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <optional>

#include "agent/daemon/settings.h"
#include "runtime/base/file.h"

namespace caisson::daemon {
namespace {

using Texts = std::vector<std::string>;

const Setting* FindSetting(std::string_view name, std::string (Setting::*spelling)() const) {
  for (const Setting& setting : Settings()) {
    if ((setting.*spelling)() == name) return &setting;
  }
  return nullptr;
}

Texts SplitList(const std::string& text) {
  Texts items;
  for (const std::string_view item : Split(text, ',')) {
    if (!Trim(item).empty()) items.emplace_back(Trim(item));
  }
  return items;
}

Status Set(const Setting& setting, Config& config, const std::string& text) {
  return setting.set(config, setting.is_list ? SplitList(text) : Texts{text});
}

Status ReadEntry(const std::string& key, const YAML::Node& value, Config& config) {
  const Setting* const setting = FindSetting(key, &Setting::Key);
  if (setting == nullptr) return Error(Code::kInvalidSpec, "unknown setting");
  if (value.IsSequence() && setting->is_list) {
    Texts items;
    for (const YAML::Node& item : value) items.push_back(item.Scalar());
    return setting->set(config, items);
  }
  if (!value.IsScalar() && !value.IsNull())
    return Error(Code::kInvalidSpec,
                 setting->is_list ? "expected a list of texts" : "expected one value");
  return Set(*setting, config, value.IsNull() ? std::string() : value.Scalar());
}

Status ReadConfigFile(const std::string& path, Config& config) {
  CAISSON_ASSIGN(const std::string text, ReadFile(path), "configuration");
  YAML::Node root;
  try {
    root = YAML::Load(text);
  } catch (const YAML::Exception& error) {  // yaml-cpp tells errors by exceptions only
    return Error(Code::kInvalidSpec, StrCat("configuration \"", path, "\": ", error.what()));
  }
  if (root.IsNull()) return Ok();
  if (!root.IsMap())
    return Error(Code::kInvalidSpec, StrCat("configuration \"", path, "\": expected a map"));
  for (const auto& entry : root) {
    const std::string key = entry.first.Scalar();
    CAISSON_TRY(ReadEntry(key, entry.second, config), "configuration \"", path, "\": line ",
                entry.first.Mark().line + 1, ": ", key);
  }
  return Ok();
}

struct Flags {
  std::vector<std::pair<const Setting*, Texts>> settings;
  std::optional<std::string> config_path;
  std::optional<Action> action;
  int ready_fd = -1;
};

// Takes one flag at `index` and, when it is written apart, its value; moves `index` on.
class FlagReader {
 public:
  FlagReader(const Texts& arguments, Flags& flags) : arguments_(arguments), flags_(flags) {}

  Status ReadAll() {
    while (index_ < arguments_.size()) CAISSON_TRY(ReadOne());
    return Ok();
  }

 private:
  Status ReadOne() {
    const std::string& word = arguments_[index_++];
    if (word == "-h") return Act(Action::kHelp);
    if (!word.starts_with("--"))
      return Error(Code::kInvalidSpec, StrCat("unexpected argument \"", word, "\""))
          .Hint("caissond --help");
    const std::size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    if (name == "help") return Act(Action::kHelp);
    if (name == "version") return Act(Action::kVersion);
    if (name == "print-config") return Act(Action::kPrintConfig);
    if (name == "cleanup") return Act(Action::kCleanup);
    std::string value;
    if (equals != std::string::npos) {
      value = word.substr(equals + 1);
    } else if (index_ < arguments_.size()) {
      value = arguments_[index_++];
    } else {
      return Error(Code::kInvalidSpec, StrCat("--", name, ": a value is missing"));
    }
    return Take(name, value);
  }

  Status Act(Action action) {
    flags_.action = action;
    return Ok();
  }

  Status Take(const std::string& name, const std::string& value) {
    if (name == "config") return flags_.config_path = value, Ok();
    if (name == "ready-fd") {
      const auto number = ParseInt<int>(value);
      if (!number || *number < 0)
        return Error(Code::kInvalidSpec, StrCat("--ready-fd: not a descriptor: \"", value, "\""));
      flags_.ready_fd = *number;
      return Ok();
    }
    const auto settings = Settings();
    const auto found = std::find_if(settings.begin(), settings.end(),
                                    [&](const Setting& setting) { return setting.flag == name; });
    if (found == settings.end())
      return Error(Code::kInvalidSpec, StrCat("unknown flag --", name)).Hint("caissond --help");
    // A list may be given in several flags.
    const auto earlier = std::find_if(flags_.settings.begin(), flags_.settings.end(),
                                      [&](const auto& entry) { return entry.first == &*found; });
    const Texts items = found->is_list ? SplitList(value) : Texts{value};
    if (earlier != flags_.settings.end() && found->is_list) {
      earlier->second.insert(earlier->second.end(), items.begin(), items.end());
    } else {
      flags_.settings.emplace_back(&*found, items);
    }
    return Ok();
  }

  const Texts& arguments_;
  Flags& flags_;
  std::size_t index_ = 0;
};

std::string Quoted(const std::string& text) { return StrCat('"', JsonEscape(text), '"'); }

}  // namespace

Result<Invocation> ReadInvocation(const Texts& arguments,
                                  const std::map<std::string, std::string>& environment) {
  Flags flags;
  CAISSON_TRY(FlagReader(arguments, flags).ReadAll());
  Invocation invocation;
  invocation.action = flags.action.value_or(Action::kRun);
  invocation.ready_fd = flags.ready_fd;
  if (!flags.config_path) {
    const auto named = environment.find("CAISSON_CONFIG");
    if (named != environment.end()) flags.config_path = named->second;
  }
  if (flags.config_path) CAISSON_TRY(ReadConfigFile(*flags.config_path, invocation.config));
  for (const Setting& setting : Settings()) {
    const auto variable = environment.find(setting.Variable());
    if (variable == environment.end()) continue;
    CAISSON_TRY(Set(setting, invocation.config, variable->second), variable->first);
  }
  for (const auto& [setting, texts] : flags.settings)
    CAISSON_TRY(setting->set(invocation.config, texts), "--", setting->flag);
  return invocation;
}

std::string ToYaml(const Config& config) {
  std::string text;
  for (const Setting& setting : Settings()) {
    text += StrCat("# ", setting.help, "\n", setting.Key(), ":");
    const Texts values = setting.get(config);
    if (!setting.is_list) {
      text += StrCat(" ", Quoted(values.front()), "\n");
      continue;
    }
    std::vector<std::string> items;
    for (const std::string& value : values) items.push_back(Quoted(value));
    text += StrCat(" [", Join(items, ", "), "]\n");
  }
  return text;
}

std::string HelpText() {
  std::string text =
      "caissond runs pods on this machine and serves them as a Kubernetes-shaped REST API.\n"
      "usage: caissond [--config FILE] [FLAG...]\n\n"
      "Each flag is also an environment variable (--pod-cidr: CAISSON_POD_CIDR) and a key of the\n"
      "file (podCidr). Flags win over the environment, that over the file.\n\n";
  const Config defaults;
  for (const Setting& setting : Settings()) {
    text += StrCat("  --", setting.flag, " ", setting.value_name, "\n        ", setting.help);
    const std::string shown = Join(setting.get(defaults), ",");
    if (!shown.empty()) text += StrCat(" (", shown, ")");
    text += "\n";
  }
  return text +
         "  --config FILE\n        YAML file with settings\n"
         "  --ready-fd N\n        descriptor that gets a line when the API answers\n"
         "  --print-config\n        show the configuration and end\n"
         "  --cleanup\n        remove all pods, network, cgroups and run-dir, and end\n"
         "  --version, --help\n";
}

}  // namespace caisson::daemon
