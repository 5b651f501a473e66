// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::cli {

// One line of a file that --trace wrote.
struct TraceLine {
  std::uint64_t ns = 0;  // monotonic
  std::int64_t pid = 0;
  std::string point;
  std::string phase;
  std::string object;
};

// In the order of time, whatever the order in the file. Errors: kInvalidSpec with the line's
// number.
Result<std::vector<TraceLine>> ParseTrace(std::string_view text);

// For people: time since the first point, time since the one before, process, point, words.
std::string RenderTimeline(const std::vector<TraceLine>& lines);
// For chrome://tracing and Perfetto: one span from each point to the process's next one.
std::string RenderChrome(const std::vector<TraceLine>& lines);
// A sequence diagram for Markdown.
std::string RenderMermaid(const std::vector<TraceLine>& lines);

}  // namespace caisson::cli
