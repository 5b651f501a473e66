// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/systemd_helper/properties.h"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "runtime/base/strings.h"

namespace caisson::systemd_helper {
namespace {

int AppendBytes(sd_bus_message* message, std::string_view hex) {
  std::vector<std::uint8_t> bytes;
  const auto digit = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
  if (hex.size() % 2 != 0 || hex.find_first_not_of("0123456789abcdef") != hex.npos) return -EINVAL;
  for (std::size_t i = 0; i < hex.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  return sd_bus_message_append_array(message, 'y', bytes.data(), bytes.size());
}

int AppendStrings(sd_bus_message* message, std::string_view list) {
  int r = sd_bus_message_open_container(message, 'a', "s");
  for (const auto item : Split(list, ',')) {
    if (r >= 0) r = sd_bus_message_append(message, "s", std::string(item).c_str());
  }
  return r < 0 ? r : sd_bus_message_close_container(message);
}

int AppendNumbers(sd_bus_message* message, std::string_view list) {
  std::vector<std::uint32_t> numbers;
  for (const auto item : Split(list, ',')) {
    const auto number = ParseInt<std::uint32_t>(item);
    if (!number) return -EINVAL;
    numbers.push_back(*number);
  }
  return sd_bus_message_append_array(message, 'u', numbers.data(),
                                     numbers.size() * sizeof(std::uint32_t));
}

int AppendPairs(sd_bus_message* message, std::string_view list) {
  int r = sd_bus_message_open_container(message, 'a', "(ss)");
  for (const auto item : Split(list, ';')) {
    const auto space = item.rfind(' ');
    if (space == item.npos) continue;
    if (r >= 0)
      r = sd_bus_message_append(message, "(ss)", std::string(item.substr(0, space)).c_str(),
                                std::string(item.substr(space + 1)).c_str());
  }
  return r < 0 ? r : sd_bus_message_close_container(message);
}

template <std::integral Int>
int AppendNumber(sd_bus_message* message, const char* signature, std::string_view value) {
  const auto number = ParseInt<Int>(value);
  return number ? sd_bus_message_append(message, signature, *number) : -EINVAL;
}

int AppendValue(sd_bus_message* message, std::string_view signature, std::string_view value) {
  if (signature == "b") return sd_bus_message_append(message, "b", value == "true" ? 1 : 0);
  if (signature == "s") return sd_bus_message_append(message, "s", std::string(value).c_str());
  if (signature == "t") return AppendNumber<std::uint64_t>(message, "t", value);
  if (signature == "x") return AppendNumber<std::int64_t>(message, "x", value);
  if (signature == "u") return AppendNumber<std::uint32_t>(message, "u", value);
  if (signature == "i") return AppendNumber<std::int32_t>(message, "i", value);
  if (signature == "d")
    return sd_bus_message_append(message, "d", std::strtod(std::string(value).c_str(), nullptr));
  if (signature == "ay") return AppendBytes(message, value);
  if (signature == "as") return AppendStrings(message, value);
  if (signature == "au") return AppendNumbers(message, value);
  if (signature == "a(ss)") return AppendPairs(message, value);
  return -EINVAL;
}

}  // namespace

int AppendProperty(sd_bus_message* message, std::string_view property) {
  const auto equals = property.find('=');
  const auto colon = equals == property.npos ? equals : property.find(':', equals);
  if (colon == property.npos) return -EINVAL;
  const std::string name(property.substr(0, equals));
  const std::string signature(property.substr(equals + 1, colon - equals - 1));
  int r = sd_bus_message_open_container(message, 'r', "sv");
  if (r >= 0) r = sd_bus_message_append(message, "s", name.c_str());
  if (r >= 0) r = sd_bus_message_open_container(message, 'v', signature.c_str());
  if (r >= 0) r = AppendValue(message, signature, property.substr(colon + 1));
  if (r >= 0) r = sd_bus_message_close_container(message);
  if (r >= 0) r = sd_bus_message_close_container(message);
  return r;
}

}  // namespace caisson::systemd_helper
