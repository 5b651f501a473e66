// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/help.h"

#include <algorithm>
#include <cstdio>

#include "runtime/cli/output.h"
#include "runtime/security/seccomp.h"
#include "runtime/spec/config.h"

namespace caisson::cli {

std::string UsageLine(const Command& command) {
  return StrCat("caisson ", command.name, command.options.empty() ? "" : " [options]",
                command.arguments.empty() ? "" : " ", command.arguments);
}

void PrintHelp() {
  std::string text =
      "NAME:\n   caisson - OCI container runtime\n\n"
      "USAGE:\n   caisson [global options] command [command options] [arguments...]\n\n"
      "VERSION:\n   " CAISSON_VERSION "\n\nCOMMANDS:\n";
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
  (void)Print(StrCat("NAME:\n   caisson ", command.name, " - ", command.summary, "\n\nUSAGE:\n   ",
                     UsageLine(command), "\n\nOPTIONS:\n", DescribeOptions(command.options)));
}

void PrintVersion() {
  (void)Print(StrCat("caisson version " CAISSON_VERSION "\nspec: ", spec::kOciVersion,
                     "\nlibseccomp: ", security::LibseccompVersion(), "\n"));
}

}  // namespace caisson::cli
