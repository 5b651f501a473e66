// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::cli {

// One row of a command's table of options.
struct Option {
  std::string_view name;        // "pid-file"
  std::string_view value_name;  // "FILE"; empty: a switch
  std::string_view help;
  char letter = 0;              // 'p' for -p
  std::string_view other = {};  // a second long name
  bool is_number = false;       // its value must be a whole number
  bool is_switch() const { return value_name.empty(); }
};

// Where options may stand.
enum class Placement {
  kAnywhere,        // before and after positional arguments
  kBeforeArguments  // the first positional argument ends them: `exec ID ls -l`
};

// What a command line says. Views point into the table and the arguments, which must outlive it.
class Parsed {
 public:
  bool Has(std::string_view name) const { return Last(name).has_value(); }
  // Switches: given and not "=false".
  bool On(std::string_view name) const;
  // The last of several; nothing when not given.
  std::optional<std::string> Last(std::string_view name) const;
  std::string Get(std::string_view name, std::string_view otherwise = {}) const;
  std::vector<std::string> All(std::string_view name) const;
  const std::vector<std::string>& arguments() const { return arguments_; }

 private:
  friend Result<Parsed> ParseOptions(std::span<const Option>, std::span<const std::string_view>,
                                     Placement);
  std::vector<std::pair<std::string_view, std::string_view>> given_;
  std::vector<std::string> arguments_;
};

// Reads arguments as Go's flag package and urfave/cli do, because scripts are written for these:
// -name and --name are the same, a value follows as "=value" or as the next argument, switches take
// "=true" and "=false", "--" ends the options, "-" alone is an argument.
// Errors: kInvalidSpec naming the option.
Result<Parsed> ParseOptions(std::span<const Option> table, std::span<const std::string_view> args,
                            Placement placement);

// Lines for --help: "   --pid-file FILE, -p FILE   help".
std::string DescribeOptions(std::span<const Option> table);

// "true", "1", "t" / "false", "0", "f" in the forms of Go's strconv.
std::optional<bool> ParseSwitch(std::string_view text);

}  // namespace caisson::cli
