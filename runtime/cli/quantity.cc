// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/quantity.h"

#include <limits>

#include "runtime/base/strings.h"

namespace caisson::cli {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// The number in front of `text`, "12" or "1.5" or ".5", times `unit`, where the caller knows the
// unit only after it: so the digits first.
struct Digits {
  std::string_view whole, fraction;
};

Digits TakeDigits(std::string_view& text) {
  constexpr std::string_view kDigits = "0123456789";
  const auto take = [&] {
    const std::string_view digits = text.substr(0, text.find_first_not_of(kDigits));
    text.remove_prefix(digits.size());
    return digits;
  };
  Digits digits{.whole = take(), .fraction = {}};
  if (!text.starts_with('.')) return digits;
  text.remove_prefix(1);
  digits.fraction = take();
  return digits;
}

// Whole numbers all along: a double would round large ones.
std::optional<std::int64_t> Multiply(const Digits& digits, std::int64_t unit) {
  if (digits.whole.empty() && digits.fraction.empty()) return std::nullopt;
  const auto whole = digits.whole.empty() ? std::int64_t{0} : ParseInt<std::int64_t>(digits.whole);
  if (!whole || *whole > kMost / unit) return std::nullopt;
  // value / scale of a unit; further digits are below what counts.
  std::int64_t value = 0;
  std::int64_t scale = 1;
  for (const char digit : digits.fraction) {
    constexpr std::int64_t kFine = 1'000'000'000;
    if (scale == kFine) break;
    value = value * 10 + (digit - '0');
    scale *= 10;
  }
  // value * unit / scale, in an order that cannot overflow.
  const std::int64_t part = value * (unit / scale) + value * (unit % scale) / scale;
  const std::int64_t most_whole = kMost - part;
  if (*whole > most_whole / unit) return std::nullopt;
  return *whole * unit + part;
}

// Takes the unit in front of `text`, in nanoseconds; 0 when there is none.
std::int64_t TakeTimeUnit(std::string_view& text) {
  static constexpr struct {
    std::string_view name;
    std::int64_t ns;
  } kUnits[] = {
      {"ns", 1},          {"us", 1'000},        {"\u00b5s", 1'000},  // the micro sign
      {"\u03bcs", 1'000},                                            // the letter mu
      {"ms", 1'000'000},  {"s", 1'000'000'000}, {"m", 60'000'000'000}, {"h", 3'600'000'000'000},
  };
  for (const auto& unit : kUnits) {
    if (!text.starts_with(unit.name)) continue;
    text.remove_prefix(unit.name.size());
    return unit.ns;
  }
  return 0;
}

}  // namespace

std::optional<std::int64_t> ParseBytes(std::string_view text) {
  if (text == "-1") return -1;
  const Digits digits = TakeDigits(text);
  if (text.starts_with(' ')) text.remove_prefix(1);
  std::int64_t unit = 1;
  const auto lower = [](char c) { return static_cast<char>(c | 0x20); };
  constexpr std::string_view kUnits = "kmgtp";
  const auto at = text.empty() ? kUnits.npos : kUnits.find(lower(text.front()));
  if (at != kUnits.npos) {
    unit <<= 10 * (at + 1);
    text.remove_prefix(1);
    if (!text.empty() && lower(text.front()) == 'i') text.remove_prefix(1);
  }
  if (!text.empty() && lower(text.front()) == 'b') text.remove_prefix(1);
  if (!text.empty()) return std::nullopt;
  return Multiply(digits, unit);
}

std::optional<std::chrono::nanoseconds> ParseDuration(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  if (text == "0") return std::chrono::nanoseconds(0);
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  while (!text.empty()) {
    const Digits digits = TakeDigits(text);
    const std::int64_t unit = TakeTimeUnit(text);
    if (unit == 0) return std::nullopt;
    const auto part = Multiply(digits, unit);
    if (!part || *part > kMost - total) return std::nullopt;
    total += *part;
  }
  return std::chrono::nanoseconds(negative ? -total : total);
}

}  // namespace caisson::cli
