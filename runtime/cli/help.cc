// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/help.h"

#include <errno.h>

#include <algorithm>
#include <cstdio>

#include "runtime/cli/output.h"
#include "runtime/security/seccomp.h"
#include "runtime/spec/config.h"

namespace caisson::cli {

std::string_view ProgramName() {
  const std::string_view name = program_invocation_short_name;
  return name.empty() ? "caisson" : name;
}

std::string UsageLine(const Command& command) {
  return StrCat(ProgramName(), " ", command.name, command.options.empty() ? "" : " [options]",
                command.arguments.empty() ? "" : " ", command.arguments);
}

void PrintHelp() {
  std::string text = StrCat("NAME:\n   ", ProgramName(),
                            " - Open Container Initiative runtime\n\n"
                            "USAGE:\n   ",
                            ProgramName(),
                            " [global options] command [command options] [arguments...]\n\n"
                            "VERSION:\n   " CAISSON_VERSION "\n\nCOMMANDS:\n");
  std::size_t width = 0;
  for (const Command* const command : Commands()) width = std::max(width, command->name.size());
  for (const Command* const command : Commands()) {
    text.append("   ").append(command->name).append(width + 2 - command->name.size(), ' ');
    text.append(command->summary).append("\n");
  }
  text.append("\nGLOBAL OPTIONS:\n").append(DescribeOptions(GlobalOptions()));
  (void)Print(text);
}

void PrintHelp(const Command& command) {
  (void)Print(StrCat("NAME:\n   ", ProgramName(), " ", command.name, " - ", command.summary,
                     "\n\nUSAGE:\n   ", UsageLine(command), "\n\nOPTIONS:\n",
                     DescribeOptions(command.options)));
}

void PrintVersion() {
  (void)Print(StrCat(ProgramName(),
                     " version " CAISSON_VERSION "\ncommit: " CAISSON_COMMIT "\nspec: ",
                     spec::kOciVersion, "\nlibseccomp: ", security::LibseccompVersion(), "\n"));
}

}  // namespace caisson::cli
