// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "runtime/cli/command.h"

namespace caisson::cli {

// What the user called this program: "caisson", or the name of the runtime that it stands in for.
std::string_view ProgramName();

// To standard output, in the layout of runc's help.
void PrintHelp();
void PrintHelp(const Command& command);
// Name and version first, then the specification and libraries, as runc prints them.
void PrintVersion();

// "caisson kill [options] CONTAINER [SIGNAL]"
std::string UsageLine(const Command& command);

}  // namespace caisson::cli
