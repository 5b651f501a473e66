// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "runtime/process/scheduling.h"

namespace caisson::process {
namespace {

// "3" or "0-3". Errors: kInvalidSpec quoting it.
Status AddRange(CpuSet& set, std::string_view part) {
  const auto bad = [&](std::string_view what) {
    return Error(Code::kInvalidSpec, StrCat("\"", part, "\" ", what));
  };
  const auto dash = part.find('-');
  const auto first = ParseInt<std::size_t>(part.substr(0, dash));
  const auto last =
      dash == std::string_view::npos ? first : ParseInt<std::size_t>(part.substr(dash + 1));
  if (!first || !last) return bad("is not a number or a range");
  if (*first > *last) return bad("ends before it begins");
  if (*last >= kMaxCpus) return bad(StrCat("is above ", kMaxCpus - 1));
  for (std::size_t cpu = *first; cpu <= *last; ++cpu)
    set.words[cpu / 64] |= std::uint64_t{1} << (cpu % 64);
  set.bytes = std::max(set.bytes, (*last / 64 + 1) * sizeof(std::uint64_t));
  return Ok();
}

}  // namespace

// White space and empty parts are let through, as runc does.
Result<CpuSet> ParseCpuList(std::string_view list) {
  CpuSet set;
  for (const std::string_view part : Split(list, ',')) {
    const std::string_view trimmed = Trim(part);
    if (!trimmed.empty()) CAISSON_TRY(AddRange(set, trimmed));
  }
  if (set.bytes == 0) return Error(Code::kInvalidSpec, StrCat("\"", list, "\" names none"));
  return set;
}

std::string MaskText(const CpuSet& cpus) {
  constexpr char kHex[] = "0123456789abcdef";
  constexpr std::size_t kBits = 4;
  std::string digits;
  for (std::size_t at = cpus.bytes * 8; at > 0; at -= kBits) {
    const std::size_t low = at - kBits;
    const auto digit = cpus.words[low / 64] >> (low % 64) & 0xf;
    if (digit != 0 || !digits.empty()) digits.push_back(kHex[digit]);
  }
  return StrCat("0x", digits.empty() ? "0" : digits);
}

}  // namespace caisson::process
