// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include "runtime/base/trace.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/output.h"
#include "runtime/cli/stats_json.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"interval", "DURATION", "time between two lines: 500ms, 5s, 1m (default: 5s)"},
    {"stats", "", "print the figures once and end"},
    {"help", "", "show this help", 'h'},
};

// "500ms", "5s", "1m", "1h"; at least a millisecond.
Result<std::chrono::milliseconds> ParseInterval(std::string_view text) {
  const std::size_t digits = text.find_first_not_of("0123456789");
  const auto number = ParseInt<std::int64_t>(text.substr(0, digits));
  const std::string_view unit = digits == text.npos ? "" : text.substr(digits);
  std::int64_t factor = 0;
  if (unit == "ms") factor = 1;
  if (unit == "s") factor = 1000;
  if (unit == "m") factor = 60'000;
  if (unit == "h") factor = 3'600'000;
  constexpr std::int64_t kMost = 1'000'000;
  if (!number || *number <= 0 || *number > kMost || factor == 0)
    return Error(Code::kInvalidSpec, StrCat("invalid duration \"", text, "\" for --interval"))
        .Hint("write a number and ms, s, m or h");
  return std::chrono::milliseconds(*number * factor);
}

Result<int> Run(const Invocation& invocation) {
  CAISSON_ASSIGN(const auto interval, ParseInterval(invocation.options.Get("interval", "5s")));
  const std::string& id = invocation.id();
  if (invocation.options.On("stats")) {
    CAISSON_ASSIGN(const cgroup::Stats stats, container::Stats(invocation.context, id));
    CAISSON_TRY(Print(StatsEvent(id, stats)));
    return 0;
  }
  std::uint64_t ooms = 0;
  CAISSON_ASSIGN(const Pidfd init, container::Init(invocation.context, id));
  while (true) {
    // The cgroup goes away with the container, which is the good end.
    const auto stats = container::Stats(invocation.context, id);
    if (!stats) break;
    const std::uint64_t now = stats->memory.oom_kills.value_or(0);
    for (; ooms < now; ++ooms) {
      CAISSON_TRACE(cgroup_oom, id);
      CAISSON_TRY(Print(OomEvent(id)));
    }
    CAISSON_TRY(Print(StatsEvent(id, *stats)));
    CAISSON_ASSIGN(const bool ended, init.WaitEnded(Deadline::After(interval)));
    if (ended) break;
  }
  return 0;
}

}  // namespace

const Command kEvents = {
    .name = "events",
    .arguments = "CONTAINER",
    .summary = "print resource figures and out-of-memory events of a container",
    .options = kOptions,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = Run,
};

}  // namespace caisson::cli
