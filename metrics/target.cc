// SPDX-License-Identifier: Apache-2.0
#include "metrics/target.h"

#include "runtime/base/strings.h"

namespace caisson::metrics {

// eth0:     648       8    0    0    0     0          0         0      648 ...
std::vector<NetworkDevice> ParseNetDev(std::string_view text) {
  constexpr std::size_t kColumns = 16;
  std::vector<NetworkDevice> devices;
  for (const auto line : Split(text, '\n')) {
    const auto colon = line.find(':');
    if (colon == line.npos) continue;  // the two lines of headings
    const auto name = Trim(line.substr(0, colon));
    if (name == "lo") continue;
    std::vector<std::uint64_t> columns;
    for (const auto word : Split(line.substr(colon + 1), ' ')) {
      if (const auto value = ParseInt<std::uint64_t>(word)) columns.push_back(*value);
    }
    if (columns.size() < kColumns) continue;
    devices.push_back({.name = std::string(name),
                       .receive_bytes = columns[0],
                       .receive_packets = columns[1],
                       .receive_errors = columns[2],
                       .receive_dropped = columns[3],
                       .transmit_bytes = columns[8],
                       .transmit_packets = columns[9],
                       .transmit_errors = columns[10],
                       .transmit_dropped = columns[11]});
  }
  return devices;
}

}  // namespace caisson::metrics
