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

std::optional<std::string> DecodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  std::uint32_t bits = 0;
  std::size_t padding = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    std::uint32_t value = 0;
    if (c >= 'A' && c <= 'Z') {
      value = static_cast<std::uint32_t>(c - 'A');
    } else if (c >= 'a' && c <= 'z') {
      value = static_cast<std::uint32_t>(c - 'a') + 26;
    } else if (c >= '0' && c <= '9') {
      value = static_cast<std::uint32_t>(c - '0') + 52;
    } else if (c == '+' || c == '/') {
      value = c == '+' ? 62 : 63;
    } else if (c == '=' && i + 2 >= text.size()) {
      ++padding;
    } else {
      return std::nullopt;
    }
    if (padding > 0 && c != '=') return std::nullopt;
    bits = bits << 6 | value;
    if (i % 4 != 3) continue;
    for (std::size_t byte = 0; byte + padding < 3; ++byte)
      bytes.push_back(static_cast<char>(bits >> (16 - 8 * byte) & 0xFF));
    bits = 0;
  }
  return bytes;
}

}  // namespace caisson::pod_spec
