// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "runtime/spec/config.h"

// No input may crash the parser or the checks, and what is accepted is written so that it reads
// back the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::spec;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = ParseConfig(text);
  if (!config) return 0;
  (void)Validate(*config);  // either answer is right
  const std::string written = ToJson(*config);
  const auto again = ParseConfig(written);
  if (!again || ToJson(*again) != written) std::abort();
  return 0;
}
