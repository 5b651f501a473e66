// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "runtime/security/id_map.h"

// A map that is read is written so that it reads back the same; one that is accepted as a plan
// never maps an id twice or beyond 32 bits.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto map = security::ParseIdMap(text);
  if (!map) return 0;
  const auto again = security::ParseIdMap(security::IdMapText(*map));
  if (!again || *again != *map) std::abort();
  if (!security::PlanIdMap(*map, *map, {})) return 0;
  for (const spec::IdMapping& entry : *map) {
    if (std::uint64_t{entry.host_id} + entry.size > 0xFFFFFFFFull) std::abort();
    const std::uint32_t last = entry.container_id + (entry.size - 1);
    if (security::ToHostId(*map, last) != entry.host_id + (entry.size - 1)) std::abort();
  }
  return 0;
}
