// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "runtime/state/container_id.h"
#include "runtime/state/record.h"

// A state file may have been cut or changed by anything.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::state;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)CheckId(text);  // either answer is right
  const auto record = ParseRecord(text);
  if (!record) return 0;
  const std::string written = ToJson(*record);
  const auto again = ParseRecord(written);
  if (!again || ToJson(*again) != written) std::abort();
  return 0;
}
