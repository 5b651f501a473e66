// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <ctime>

#include "agent/pod_spec/pod.h"

namespace caisson::pod_spec {
namespace {

// "+02:00", "-0530" or "Z"; the offset in seconds.
std::optional<int> ParseOffset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  const auto hours = ParseInt<unsigned>(text.substr(1, 2));
  const auto minutes = ParseInt<unsigned>(text.substr(4, 2));
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  const int seconds = static_cast<int>(*hours * 3600 + *minutes * 60);
  return text[0] == '-' ? -seconds : seconds;
}

}  // namespace

std::string FormatTime(Time time) {
  const std::time_t seconds = time.time_since_epoch().count();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[40];
  const std::size_t size = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return std::string(text, size);
}

std::optional<Time> ParseTime(std::string_view text) {
  // "2026-01-31T12:00:00" is 19 characters; then an optional fraction, then the offset.
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || text[13] != ':' || text[16] != ':')
    return std::nullopt;
  if (text[10] != 'T' && text[10] != 't') return std::nullopt;
  const auto year = ParseInt<unsigned>(text.substr(0, 4));
  const auto month = ParseInt<unsigned>(text.substr(5, 2));
  const auto day = ParseInt<unsigned>(text.substr(8, 2));
  const auto hour = ParseInt<unsigned>(text.substr(11, 2));
  const auto minute = ParseInt<unsigned>(text.substr(14, 2));
  const auto second = ParseInt<unsigned>(text.substr(17, 2));
  if (!year || !month || !day || !hour || !minute || !second) return std::nullopt;
  if (*hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day));
  if (!date.ok()) return std::nullopt;
  std::string_view rest = text.substr(19);
  if (rest[0] == '.') {
    const std::size_t end = rest.find_first_not_of("0123456789", 1);
    if (end == 1 || end == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(end);
  }
  const auto offset = ParseOffset(rest);
  if (!offset) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) - std::chrono::seconds(*offset);
}

Time NowTime() {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

}  // namespace caisson::pod_spec
