// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>

#include "runtime/process/sysctl.h"

// "key=value": whatever is accepted stays below one of the trees that namespaces isolate, and has
// no control character in it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto equals = text.find('=');
  if (equals == std::string::npos) return 0;
  const auto plan =
      process::PlanSysctls({{text.substr(0, equals), text.substr(equals + 1)}}, ~std::uint64_t{0});
  if (!plan) return 0;
  const std::string& file = plan->files.at(0);
  const bool below = file.starts_with("sys/net/") || file.starts_with("sys/kernel/") ||
                     file.starts_with("sys/fs/mqueue/") || file.starts_with("sys/user/");
  if (!below) std::abort();
  for (const std::string_view part : Split(file, '/')) {
    if (part.empty() || part == "." || part == "..") std::abort();
  }
  for (const char c : StrCat(file, plan->values.at(0))) {
    if (static_cast<unsigned char>(c) < 0x20) std::abort();
  }
  return 0;
}
