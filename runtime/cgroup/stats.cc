// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/stats.h"

#include <stdlib.h>

#include <algorithm>

#include "runtime/base/strings.h"

namespace caisson::cgroup {
namespace {

// Calls `fn(line)` for each line; the files here are read on every scrape, so nothing is allocated.
template <class Fn>
void ForEachLine(std::string_view text, const Fn& fn) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    fn(text.substr(0, end));
    if (end == text.npos) return;
    text.remove_prefix(end + 1);
  }
}

// The word before the next space, which is cut off `text`.
std::string_view NextWord(std::string_view& text) {
  const auto space = text.find(' ');
  const auto word = text.substr(0, space);
  text.remove_prefix(space == text.npos ? text.size() : space + 1);
  return word;
}

struct Field {
  std::string_view key;
  Count MemoryStats::*member;
};

template <std::size_t kSize>
void ParseFields(std::string_view text, const Field (&fields)[kSize], MemoryStats& memory) {
  ForEachLine(text, [&](std::string_view line) {
    const auto key = NextWord(line);
    for (const Field& field : fields) {
      if (field.key == key) memory.*field.member = ParseInt<std::uint64_t>(line);
    }
  });
}

// "8:0" to its parts.
bool ParseDeviceNumber(std::string_view text, IoDevice& device) {
  const auto colon = text.find(':');
  if (colon == text.npos) return false;
  const auto major = ParseInt<std::uint32_t>(text.substr(0, colon));
  const auto minor = ParseInt<std::uint32_t>(text.substr(colon + 1));
  if (!major || !minor) return false;
  device.major = *major;
  device.minor = *minor;
  return true;
}

IoDevice& DeviceIn(std::vector<IoDevice>& devices, const IoDevice& wanted) {
  for (IoDevice& device : devices) {
    if (device.major == wanted.major && device.minor == wanted.minor) return device;
  }
  return devices.emplace_back(IoDevice{.major = wanted.major, .minor = wanted.minor});
}

// "8:0 Read 4096" lines; the last line, "Total 4096", has no device.
void ParseBlkioFile(std::string_view text, std::uint64_t IoDevice::*read,
                    std::uint64_t IoDevice::*write, std::vector<IoDevice>& devices) {
  ForEachLine(text, [&](std::string_view line) {
    IoDevice number;
    if (!ParseDeviceNumber(NextWord(line), number)) return;
    const auto operation = NextWord(line);
    const auto value = ParseInt<std::uint64_t>(line);
    if (!value) return;
    IoDevice& device = DeviceIn(devices, number);
    if (operation == "Read") device.*read = *value;
    if (operation == "Write") device.*write = *value;
  });
}

double ParsePercent(std::string_view text) {
  char digits[32];
  if (text.size() >= sizeof digits) return 0;
  std::copy(text.begin(), text.end(), digits);
  digits[text.size()] = '\0';
  return ::strtod(digits, nullptr);
}

// avg10=0.12 avg60=0.05 avg300=0.01 total=12345
PressureLine ParsePressureLine(std::string_view text) {
  PressureLine line;
  while (!text.empty()) {
    const auto word = NextWord(text);
    const auto equals = word.find('=');
    if (equals == word.npos) continue;
    const auto key = word.substr(0, equals);
    const auto value = word.substr(equals + 1);
    if (key == "avg10") line.avg10 = ParsePercent(value);
    if (key == "avg60") line.avg60 = ParsePercent(value);
    if (key == "avg300") line.avg300 = ParsePercent(value);
    if (key == "total") line.total_us = ParseInt<std::uint64_t>(value).value_or(0);
  }
  return line;
}

void ParseRdmaFile(std::string_view text, Count RdmaStats::*handles, Count RdmaStats::*objects,
                   std::vector<RdmaStats>& out) {
  ForEachLine(text, [&](std::string_view line) {
    const std::string name(NextWord(line));
    if (name.empty()) return;
    auto at = std::find_if(out.begin(), out.end(),
                           [&](const RdmaStats& stats) { return stats.device == name; });
    if (at == out.end()) at = out.insert(out.end(), RdmaStats{.device = name});
    while (!line.empty()) {
      const auto word = NextWord(line);
      const auto equals = word.find('=');
      if (equals == word.npos) continue;
      const Count value = ParseLimit(word.substr(equals + 1));
      if (word.substr(0, equals) == "hca_handle") (*at).*handles = value;
      if (word.substr(0, equals) == "hca_object") (*at).*objects = value;
    }
  });
}

}  // namespace

Count MemoryStats::WorkingSet() const {
  if (!usage) return {};
  const std::uint64_t inactive = inactive_file.value_or(0);
  return *usage > inactive ? *usage - inactive : 0;
}

void ParseMemoryStatV1(std::string_view text, MemoryStats& memory) {
  static constexpr Field kFields[] = {{"total_rss", &MemoryStats::rss},
                                      {"total_cache", &MemoryStats::cache},
                                      {"total_mapped_file", &MemoryStats::mapped_file},
                                      {"total_inactive_file", &MemoryStats::inactive_file},
                                      {"total_active_file", &MemoryStats::active_file},
                                      {"total_pgfault", &MemoryStats::page_faults},
                                      {"total_pgmajfault", &MemoryStats::major_page_faults},
                                      {"total_swap", &MemoryStats::swap_usage}};
  ParseFields(text, kFields, memory);
}

void ParseMemoryStatV2(std::string_view text, MemoryStats& memory) {
  static constexpr Field kFields[] = {{"anon", &MemoryStats::rss},
                                      {"file", &MemoryStats::cache},
                                      {"kernel", &MemoryStats::kernel_usage},
                                      {"file_mapped", &MemoryStats::mapped_file},
                                      {"inactive_file", &MemoryStats::inactive_file},
                                      {"active_file", &MemoryStats::active_file},
                                      {"pgfault", &MemoryStats::page_faults},
                                      {"pgmajfault", &MemoryStats::major_page_faults}};
  ParseFields(text, kFields, memory);
}

std::vector<std::pair<std::string, std::uint64_t>> ParseKeys(std::string_view text) {
  std::vector<std::pair<std::string, std::uint64_t>> keys;
  ForEachLine(text, [&](std::string_view line) {
    const auto key = NextWord(line);
    if (const auto value = ParseInt<std::uint64_t>(line)) keys.emplace_back(key, *value);
  });
  return keys;
}

std::vector<IoDevice> ParseIoStat(std::string_view text) {
  std::vector<IoDevice> devices;
  ForEachLine(text, [&](std::string_view line) {
    IoDevice device;
    if (!ParseDeviceNumber(NextWord(line), device)) return;
    while (!line.empty()) {
      const auto word = NextWord(line);
      const auto equals = word.find('=');
      if (equals == word.npos) continue;
      const auto key = word.substr(0, equals);
      const std::uint64_t value = ParseInt<std::uint64_t>(word.substr(equals + 1)).value_or(0);
      if (key == "rbytes") device.read_bytes = value;
      if (key == "wbytes") device.write_bytes = value;
      if (key == "rios") device.reads = value;
      if (key == "wios") device.writes = value;
    }
    devices.push_back(device);
  });
  return devices;
}

std::vector<IoDevice> ParseBlkio(std::string_view service_bytes, std::string_view serviced) {
  std::vector<IoDevice> devices;
  ParseBlkioFile(service_bytes, &IoDevice::read_bytes, &IoDevice::write_bytes, devices);
  ParseBlkioFile(serviced, &IoDevice::reads, &IoDevice::writes, devices);
  return devices;
}

std::optional<Pressure> ParsePressure(std::string_view text) {
  Pressure pressure;
  bool found = false;
  ForEachLine(text, [&](std::string_view line) {
    const auto kind = NextWord(line);
    if (kind != "some" && kind != "full") return;
    found = true;
    (kind == "some" ? pressure.some : pressure.full) = ParsePressureLine(line);
  });
  if (!found) return std::nullopt;
  return pressure;
}

std::vector<RdmaStats> ParseRdma(std::string_view current, std::string_view max) {
  std::vector<RdmaStats> out;
  ParseRdmaFile(current, &RdmaStats::handles, &RdmaStats::objects, out);
  ParseRdmaFile(max, &RdmaStats::handles_limit, &RdmaStats::objects_limit, out);
  return out;
}

std::optional<std::vector<std::uint32_t>> ParseCpuList(std::string_view text, std::uint32_t max) {
  std::vector<std::uint32_t> members;
  text = Trim(text);
  if (text.empty()) return members;
  for (const auto part : Split(text, ',')) {
    const auto dash = part.find('-');
    const auto first = ParseInt<std::uint32_t>(part.substr(0, dash));
    const auto last = dash == part.npos ? first : ParseInt<std::uint32_t>(part.substr(dash + 1));
    if (!first || !last || *last < *first || *last > max) return std::nullopt;
    // A list cannot name more than there are, however often it repeats itself.
    if (members.size() + (*last - *first) > std::size_t{max} * 2) return std::nullopt;
    for (std::uint32_t member = *first; member <= *last; ++member) members.push_back(member);
  }
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return members;
}

Count FindKey(std::string_view text, std::string_view key) {
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto line = text.substr(0, end);
    if (NextWord(line) == key) return ParseInt<std::uint64_t>(line);
    if (end == text.npos) break;
    text.remove_prefix(end + 1);
  }
  return {};
}

Count ParseLimit(std::string_view text) {
  // v1 shows no limit as the largest number of whole pages below 2^63.
  constexpr std::uint64_t kV1Unlimited = std::uint64_t{INT64_MAX} - 65535;
  text = Trim(text);
  if (text == "max" || text == "-1") return kUnlimited;
  const auto value = ParseInt<std::uint64_t>(text);
  if (value && *value >= kV1Unlimited) return kUnlimited;
  return value;
}

}  // namespace caisson::cgroup
