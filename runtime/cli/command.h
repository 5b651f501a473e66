// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "runtime/base/error.h"
#include "runtime/cli/options.h"
#include "runtime/container/lifecycle.h"

namespace caisson::cli {

// What a subcommand is called with.
struct Invocation {
  const Parsed& global;
  const Parsed& options;
  container::Context context;

  const std::string& id() const { return options.arguments().front(); }
};

// One subcommand: a row of the table in commands.cc. `run` returns the exit status.
struct Command {
  std::string_view name;
  std::string_view arguments;  // for the usage line: "CONTAINER [SIGNAL]"
  std::string_view summary;
  std::span<const Option> options;
  Placement placement = Placement::kAnywhere;
  std::size_t min_arguments = 0;
  std::size_t max_arguments = 0;
  // Processes of a container may see this program as their /proc/PID/exe, so it must be sealed.
  bool enters_container = false;
  Result<int> (*run)(const Invocation&) = nullptr;
};

// All subcommands, in the order of the help.
std::span<const Command* const> Commands();
const Command* FindCommand(std::string_view name);

// Options that stand before the subcommand.
std::span<const Option> GlobalOptions();

}  // namespace caisson::cli
