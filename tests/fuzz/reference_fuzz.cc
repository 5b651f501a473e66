// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "agent/image/reference.h"

// What is accepted means the same in its full and in its short form.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::image;
  const auto reference =
      ParseReference(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!reference) return 0;
  for (const std::string& text : {reference->ToString(), reference->Familiar()}) {
    const auto again = ParseReference(text);
    if (!again || *again != *reference) std::abort();
  }
  return 0;
}
