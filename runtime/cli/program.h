// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace caisson::cli {

// The program `caisson`: reads the command line, runs the subcommand, tells the error. Returns the
// exit status: the subcommand's own, or 1.
int Main(int argc, char** argv, char** envp);

}  // namespace caisson::cli
