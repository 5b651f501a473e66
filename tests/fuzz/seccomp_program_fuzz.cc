// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "runtime/security/seccomp_optimize.h"
#include "tests/unit/security/bpf_interpreter.h"

// Any bytes as a program: the rewritten one answers as the original does.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson;
  const std::string program(reinterpret_cast<const char*>(data), size / 8 * 8);
  if (program.size() > 8 * 256) return 0;
  const std::string shorter = security::OptimizeFilter(program);
  if (shorter == program) return 0;
  for (std::uint32_t number = 0; number < 600; ++number) {
    for (const std::uint32_t bit : {0u, 0x40000000u, 0xFFFFFC00u}) {
      for (const std::uint32_t arch : {0xC000003Eu, 0x40000003u, 0u}) {
        if (test::Ask(shorter, arch, number | bit, number) !=
            test::Ask(program, arch, number | bit, number))
          std::abort();
      }
    }
  }
  return 0;
}
