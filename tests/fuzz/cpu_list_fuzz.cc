// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "runtime/process/scheduling.h"

// What is accepted names at least one CPU, and none beyond the bytes that are handed to the kernel.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::process;
  const auto set = ParseCpuList(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!set) return 0;
  if (set->bytes == 0 || set->bytes > kMaxCpus / 8 || set->bytes % 8 != 0) std::abort();
  bool any = false;
  for (std::size_t cpu = 0; cpu < kMaxCpus; ++cpu) {
    if (!set->Has(cpu)) continue;
    any = true;
    if (cpu >= set->bytes * 8) std::abort();
  }
  if (!any) std::abort();
  return 0;
}
