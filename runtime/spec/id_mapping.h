// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace caisson::spec {

using StringMap = std::map<std::string, std::string, std::less<>>;

// A range of ids of a user namespace (or an id-mapped mount) and where it lies on the host.
// Source: runtime-spec 1.3, config-linux.md, user namespace mappings.
struct IdMapping {
  std::uint32_t container_id = 0;
  std::uint32_t host_id = 0;
  std::uint32_t size = 0;
  friend bool operator==(const IdMapping&, const IdMapping&) = default;
};

}  // namespace caisson::spec
