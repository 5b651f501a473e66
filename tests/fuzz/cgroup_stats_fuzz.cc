// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "metrics/target.h"
#include "runtime/cgroup/stats.h"

// The first byte picks the parser; the rest is the file. None may crash, and lists stay bounded.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::cgroup;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  MemoryStats memory;
  switch (data[0] % 10) {
    case 0: ParseMemoryStatV1(text, memory); break;
    case 1: ParseMemoryStatV2(text, memory); break;
    case 2: (void)ParseKeys(text); break;
    case 3: (void)ParseIoStat(text); break;
    case 4: (void)ParseBlkio(text.substr(0, text.size() / 2), text.substr(text.size() / 2)); break;
    case 5: (void)ParsePressure(text); break;
    case 6: (void)ParseRdma(text.substr(0, text.size() / 2), text.substr(text.size() / 2)); break;
    case 7: {
      const auto list = ParseCpuList(text);
      if (list && !list->empty() && list->back() > 8191) std::abort();
      break;
    }
    case 8: (void)FindKey(text, "oom_kill"); break;
    default: (void)caisson::metrics::ParseNetDev(text);
  }
  (void)ParseLimit(text);
  return 0;
}
