// SPDX-License-Identifier: Apache-2.0
// A line of the lease journal, whatever stands in it: refused, or written again as the same record.
#include <cstdint>
#include <cstdlib>

#include "network/ipam/journal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::network;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  (void)DecodeRecord(text);  // the checksum stops nearly all of it
  const auto record = DecodeRecordText(text);
  if (!record) return 0;
  const std::string line = EncodeRecord(*record);
  const auto again = DecodeRecord(std::string_view(line).substr(0, line.size() - 1));
  if (!again || EncodeRecord(*again) != line) std::abort();
  return 0;
}
