// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "runtime/cli/command.h"

namespace caisson::cli {

// To standard output, in the layout of runc's help.
void PrintHelp();
void PrintHelp(const Command& command);
// Name and version first, then the specification and libraries, as runc prints them.
void PrintVersion();

// "caisson kill [options] CONTAINER [SIGNAL]"
std::string UsageLine(const Command& command);

}  // namespace caisson::cli
