// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/timestamp.h"

#include <chrono>
#include <cstdint>

#include "runtime/base/strings.h"

namespace caisson {
namespace {

void Append(std::string& text, std::int64_t value, int width, char after) {
  const std::string digits = StrCat(value);
  if (digits.size() < static_cast<std::size_t>(width))
    text.append(static_cast<std::size_t>(width) - digits.size(), '0');
  text.append(digits);
  if (after != '\0') text.push_back(after);
}

}  // namespace

std::string FormatUtc(const timespec& time, int digits) {
  namespace chrono = std::chrono;
  const chrono::sys_seconds seconds{chrono::seconds(time.tv_sec)};
  const auto day = chrono::floor<chrono::days>(seconds);
  const chrono::year_month_day date(day);
  const chrono::hh_mm_ss clock(seconds - day);
  std::string text;
  Append(text, static_cast<int>(date.year()), 4, '-');
  Append(text, static_cast<unsigned>(date.month()), 2, '-');
  Append(text, static_cast<unsigned>(date.day()), 2, 'T');
  Append(text, clock.hours().count(), 2, ':');
  Append(text, clock.minutes().count(), 2, ':');
  Append(text, clock.seconds().count(), 2, '\0');
  if (digits > 0) {
    std::int64_t fraction = time.tv_nsec;
    for (int cut = digits; cut < 9; ++cut) fraction /= 10;
    text.push_back('.');
    Append(text, fraction, digits, '\0');
  }
  text.push_back('Z');
  return text;
}

}  // namespace caisson
