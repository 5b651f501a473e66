// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/signal_name.h"

#include <signal.h>
#include <string.h>

#include <algorithm>
#include <string>

namespace caisson::cli {
namespace {

std::string Upper(std::string_view text) {
  std::string upper(text);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](unsigned char c) { return static_cast<char>(::toupper(c)); });
  return upper;
}

// "RTMIN+3", "RTMAX-1", "RTMIN"
int RealTimeSignal(std::string_view name) {
  const bool from_low = name.starts_with("RTMIN");
  if (!from_low && !name.starts_with("RTMAX")) return -1;
  const int base = from_low ? SIGRTMIN : SIGRTMAX;
  std::string_view offset = name.substr(5);
  if (offset.empty()) return base;
  if (offset.front() != (from_low ? '+' : '-')) return -1;
  const auto steps = ParseInt<unsigned>(offset.substr(1));
  if (!steps || *steps > static_cast<unsigned>(SIGRTMAX - SIGRTMIN)) return -1;
  return from_low ? base + static_cast<int>(*steps) : base - static_cast<int>(*steps);
}

}  // namespace

Result<int> ParseSignal(std::string_view text) {
  const bool has_plus = text.starts_with('+') && !text.starts_with("+-");
  if (const auto number = ParseInt<int>(has_plus ? text.substr(1) : text)) {
    if (*number >= 0 && *number <= SIGRTMAX) return *number;
  } else {
    std::string name = Upper(text);
    if (name.starts_with("SIG")) name.erase(0, 3);
    if (name == "IOT") name = "ABRT";
    if (name == "CLD") name = "CHLD";
    if (name == "POLL") name = "IO";
    for (int signal = 1; signal < SIGRTMIN; ++signal) {
      const char* const known = ::sigabbrev_np(signal);
      if (known != nullptr && (name == known || (signal == SIGIO && name == "IO"))) return signal;
    }
    if (const int signal = RealTimeSignal(name); signal > 0) return signal;
  }
  return Error(Code::kInvalidSpec, StrCat("unknown signal \"", text, "\""));
}

}  // namespace caisson::cli
