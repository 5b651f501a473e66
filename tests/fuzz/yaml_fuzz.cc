// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "agent/pod_spec/document.h"

// What YAML gives is JSON: it writes and reads back as itself.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::pod_spec;
  using nlohmann::json;
  const auto parsed = ParseYaml(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!parsed) return 0;
  for (const ParsedDocument& document : *parsed) {
    const std::string text = document.value->dump(-1, ' ', false, json::error_handler_t::replace);
    const auto again = ParseJson(text);
    if (!again) std::abort();
  }
  return 0;
}
