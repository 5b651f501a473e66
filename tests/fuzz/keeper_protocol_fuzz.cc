// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "agent/keeper_client/keeper_config.h"
#include "agent/keeper_client/protocol.h"

// Whatever a packet holds, it is refused or understood; what is understood comes back the same when
// it is sent again.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::keeper_client;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto request = DecodeRequest(text)) {
    const std::string sent = Encode(*request);
    const auto again = DecodeRequest(sent);
    if (!again || Encode(*again) != sent) std::abort();
  }
  if (const auto message = DecodeFromKeeper(text)) {
    const auto encode = [](const FromKeeper& which) {
      return std::visit([](const auto& each) { return Encode(each); }, which);
    };
    const std::string sent = encode(*message);
    const auto again = DecodeFromKeeper(sent);
    if (!again || encode(*again) != sent) std::abort();
  }
  if (const auto config = ParseKeeperConfig(text)) {
    if (!ParseKeeperConfig(ToJson(*config))) std::abort();
  }
  if (const auto record = ParseExitRecord(text)) {
    const auto again = ParseExitRecord(ToJson(*record));
    if (!again || ToJson(*again) != ToJson(*record)) std::abort();
  }
  return 0;
}
