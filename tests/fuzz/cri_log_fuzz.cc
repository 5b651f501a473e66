// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "agent/keeper/cri_log.h"

// A container's output, cut anywhere into reads (the first byte says how), gives back every byte
// once the records are put together again, and no record is too long.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace caisson::keeper;
  if (size == 0) return 0;
  const std::size_t step = std::size_t{1} + data[0] * 97U;
  const std::string_view output(reinterpret_cast<const char*>(data) + 1, size - 1);
  RecordCutter cutter(LogStream::kStdout);
  std::string log;
  for (std::size_t at = 0; at < output.size(); at += step)
    cutter.Feed(output.substr(at, step), 0, log);
  cutter.Finish(0, log);

  constexpr std::size_t kHead = sizeof "1970-01-01T00:00:00.000000000Z stdout F " - 1;
  std::string joined;
  std::string_view rest = log;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    if (end == rest.npos || end < kHead || end - kHead > kMaxRecordBytes) std::abort();
    joined.append(rest.substr(kHead, end - kHead));
    if (rest[kHead - 2] == 'F') joined.push_back('\n');
    rest.remove_prefix(end + 1);
  }
  std::string wanted(output);
  if (!wanted.empty() && wanted.back() != '\n') wanted.push_back('\n');
  if (joined != wanted) std::abort();
  return 0;
}
