// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "runtime/base/strings.h"

namespace caisson::test {

// Where the programs under test are: CAISSON_PROGRAMS, or the bin folder of the tests' own build.
inline std::string Program(std::string_view name) {
  const char* const folder = std::getenv("CAISSON_PROGRAMS");
  return StrCat(folder != nullptr ? folder : CAISSON_BUILD_BIN, "/", name);
}

// A helper program that the tests themselves build.
inline std::string HelperProgram(std::string_view name) {
  return StrCat(CAISSON_BUILD_BIN, "/", name);
}

}  // namespace caisson::test
