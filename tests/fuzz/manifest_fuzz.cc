// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "agent/image/index.h"
#include "agent/image/manifest.h"

// The documents that an image brings, and the store's own.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::image;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)ParseManifest(text);        // any answer is right
  (void)ParseDockerManifest(text);  // as above
  (void)ParseIndex(text);           // as above
  if (const auto config = ParseImageConfig(text)) {
    const std::string written = WriteImageConfig(*config);
    const auto again = ParseImageConfig(written);
    if (!again || WriteImageConfig(*again) != written) std::abort();
  }
  return 0;
}
