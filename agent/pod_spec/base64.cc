// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/base64.h"

#include <cstdint>

namespace caisson::pod_spec {

std::string EncodeBase64(std::string_view bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group <<= 8;
      if (i + j < bytes.size()) group |= static_cast<unsigned char>(bytes[i + j]);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      const std::uint32_t digit = (group >> (18 - 6 * j)) & 63U;
      out.push_back(i + j <= bytes.size() ? kDigits[digit] : '=');
    }
  }
  return out;
}

}  // namespace caisson::pod_spec
