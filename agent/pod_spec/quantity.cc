// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/quantity.h"

#include <cctype>
#include <limits>
#include <optional>

namespace caisson::pod_spec {
namespace {

__extension__ using Wide = __int128;
constexpr Wide kNano = 1'000'000'000;
constexpr Wide kMax = Wide{std::numeric_limits<std::int64_t>::max()} * kNano;

Wide SaturatingMultiply(Wide a, Wide b) {
  Wide product = 0;
  if (__builtin_mul_overflow(a, b, &product) || product > kMax) return kMax;
  return product;
}

// mantissa * 10^exponent, rounded up.
Wide Scale(Wide mantissa, int exponent, bool dropped_digits) {
  if (mantissa == 0) return dropped_digits ? 1 : 0;
  for (; exponent > 0 && mantissa < kMax; --exponent) mantissa = SaturatingMultiply(mantissa, 10);
  bool inexact = dropped_digits;
  for (; exponent < 0 && mantissa > 0; ++exponent) {
    inexact = inexact || mantissa % 10 != 0;
    mantissa /= 10;
  }
  return mantissa + (inexact ? 1 : 0);
}

struct Number {
  bool negative = false;
  Wide mantissa = 0;
  int exponent = 0;  // of ten
  bool dropped_digits = false;
  std::size_t length = 0;  // characters read
};

std::optional<Number> ReadNumber(std::string_view text) {
  constexpr int kMaxFraction = 18;
  Number number;
  std::size_t i = 0;
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) number.negative = text[i++] == '-';
  bool digits = false;
  bool fraction = false;
  for (; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '.' && !fraction) {
      fraction = true;
      continue;
    }
    if (std::isdigit(static_cast<unsigned char>(c)) == 0) break;
    digits = true;
    if (fraction && -number.exponent == kMaxFraction) {
      number.dropped_digits = number.dropped_digits || c != '0';
      continue;
    }
    if (number.mantissa < kMax) number.mantissa = number.mantissa * 10 + (c - '0');
    if (fraction) --number.exponent;
  }
  number.length = i;
  if (!digits) return std::nullopt;
  return number;
}

struct Suffix {
  int exponent = 0;     // of ten
  Wide multiplier = 1;  // of two, for Ki and its kin
};

std::optional<Suffix> ReadSuffix(std::string_view text) {
  constexpr std::string_view kBinary = "KMGTPE";
  if (text.size() == 2 && text[1] == 'i') {
    const std::size_t step = kBinary.find(text[0]);
    if (step == std::string_view::npos) return std::nullopt;
    return Suffix{0, Wide{1} << (10 * (step + 1))};
  }
  if (text.empty()) return Suffix{};
  if (text.size() == 1) {
    constexpr std::string_view kNames = "numkMGTPE";
    constexpr int kExponents[] = {-9, -6, -3, 3, 6, 9, 12, 15, 18};
    const std::size_t at = kNames.find(text[0]);
    if (at == std::string_view::npos) return std::nullopt;
    return Suffix{kExponents[at], 1};
  }
  if (text[0] != 'e' && text[0] != 'E') return std::nullopt;
  std::string_view digits = text.substr(1);
  if (digits[0] == '+') digits.remove_prefix(1);
  const auto exponent = ParseInt<std::int32_t>(digits);
  if (!exponent || *exponent > 1000 || *exponent < -1000) return std::nullopt;
  return Suffix{*exponent, 1};
}

Error Malformed(std::string_view text) {
  return Error(Code::kInvalidSpec, StrCat("quantity \"", text,
                                          "\": quantities must match the regular expression "
                                          "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"));
}

std::int64_t DivideUp(Wide nano, Wide unit) {
  Wide whole = nano / unit;
  if (nano > 0 && nano % unit != 0) ++whole;
  if (whole > std::numeric_limits<std::int64_t>::max())
    return std::numeric_limits<std::int64_t>::max();
  if (whole < std::numeric_limits<std::int64_t>::min())
    return std::numeric_limits<std::int64_t>::min();
  return static_cast<std::int64_t>(whole);
}

}  // namespace

Result<Quantity> Quantity::Parse(std::string_view text) {
  const auto number = ReadNumber(text);
  if (!number) return Malformed(text);
  const auto suffix = ReadSuffix(text.substr(number->length));
  if (!suffix) return Malformed(text);
  Quantity quantity;
  quantity.text_ = std::string(text);
  Wide nano = SaturatingMultiply(number->mantissa, suffix->multiplier);
  nano = Scale(nano, number->exponent + suffix->exponent + 9, number->dropped_digits);
  if (nano > kMax) nano = kMax;
  quantity.nano_ = number->negative ? -nano : nano;
  return quantity;
}

Quantity Quantity::FromWhole(std::int64_t value) {
  Quantity quantity;
  quantity.nano_ = Wide{value} * kNano;
  quantity.text_ = std::to_string(value);
  return quantity;
}

std::int64_t Quantity::ToWhole() const { return DivideUp(nano_, kNano); }
std::int64_t Quantity::ToMilli() const { return DivideUp(nano_, kNano / 1000); }

}  // namespace caisson::pod_spec
