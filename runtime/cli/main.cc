// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>

#include "runtime/cli/program.h"

int main(int argc, char** argv, char** envp) {
  try {
    return caisson::cli::Main(argc, argv, envp);
  } catch (const std::exception& error) {
    (void)std::fprintf(stderr, "caisson: internal error: %s\n", error.what());
    return 1;
  }
}
