// SPDX-License-Identifier: Apache-2.0
#include <poll.h>

#include "runtime/base/trace.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/output.h"
#include "runtime/cli/quantity.h"
#include "runtime/cli/stats_json.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"interval", "DURATION", "time between two lines: 500ms, 5s, 1m (default: 5s)"},
    {"stats", "", "print the figures once and end"},
    {"help", "", "show this help", 'h'},
};

Result<std::chrono::milliseconds> Interval(const Parsed& options) {
  const std::string text = options.Get("interval", "5s");
  const auto interval = ParseDuration(text);
  if (!interval)
    return Error(Code::kInvalidSpec,
                 StrCat("invalid value \"", text, "\" for flag -interval: parse error"))
        .Hint("write numbers with units: 500ms, 5s, 1m30s");
  if (interval->count() <= 0)
    return Error(Code::kInvalidSpec, "duration interval must be greater than 0");
  return std::chrono::ceil<std::chrono::milliseconds>(*interval);
}

enum class Woken { kTime, kMemory, kEnd };

Result<Woken> Await(const Pidfd& init, const Result<cgroup::OomWatch>& watch, Deadline deadline) {
  pollfd polled[] = {{.fd = init.fd().get(), .events = POLLIN, .revents = 0},
                     {.fd = watch ? watch->fd().get() : -1, .events = POLLIN, .revents = 0}};
  const int ready = ::poll(polled, 2, deadline.PollTimeoutMs());
  if (ready < 0 && errno != EINTR) return SysError("poll", "container");
  if (ready <= 0) return Woken::kTime;
  return polled[0].revents != 0 ? Woken::kEnd : Woken::kMemory;
}

Status PrintOoms(const std::string& id, std::uint64_t& told, std::uint64_t now) {
  for (; told < now; ++told) {
    CAISSON_TRACE(cgroup_oom, id);
    CAISSON_TRY(Print(OomEvent(id)));
  }
  return Ok();
}

// Tells kills as they happen, until the deadline or (true) the container's end.
Result<bool> FollowOoms(const Pidfd& init, Result<cgroup::OomWatch>& watch, Deadline deadline,
                        const std::string& id, std::uint64_t& told) {
  // The v1 notification comes before the kill that it announces, so there is a second look.
  constexpr std::chrono::milliseconds kSettling{50};
  bool unsettled = false;
  while (!deadline.passed()) {
    CAISSON_ASSIGN(const Woken woken,
                   Await(init, watch, unsettled ? Deadline::After(kSettling) : deadline));
    if (watch) {
      CAISSON_ASSIGN(const cgroup::OomCounts counts, watch->Read());
      unsettled = woken == Woken::kMemory && counts.kills == told;
      CAISSON_TRY(PrintOoms(id, told, counts.kills));
    }
    if (woken == Woken::kEnd) return true;
  }
  return false;
}

// Out of memory is told at once, figures at each interval.
Status Follow(const Invocation& invocation, std::chrono::milliseconds interval) {
  const std::string& id = invocation.id();
  CAISSON_ASSIGN(const Pidfd init, container::Init(invocation.context, id));
  // A host without a memory controller has nothing to tell; the figures say so.
  auto watch = container::WatchOom(invocation.context, id);
  std::uint64_t ooms = 0;
  while (true) {
    // The cgroup goes away with the container, which is the good end.
    const auto stats = container::Stats(invocation.context, id);
    if (!stats) return Ok();
    CAISSON_TRY(PrintOoms(id, ooms, stats->memory.oom_kills.value_or(0)));
    CAISSON_TRY(Print(StatsEvent(id, *stats)));
    CAISSON_ASSIGN(const bool ended, FollowOoms(init, watch, Deadline::After(interval), id, ooms));
    if (ended) return Ok();
  }
}

Result<int> Run(const Invocation& invocation) {
  CAISSON_ASSIGN(const auto interval, Interval(invocation.options));
  const std::string& id = invocation.id();
  if (invocation.options.On("stats")) {
    CAISSON_ASSIGN(const cgroup::Stats stats, container::Stats(invocation.context, id));
    CAISSON_TRY(Print(StatsEvent(id, stats)));
    return 0;
  }
  CAISSON_TRY(Follow(invocation, interval));
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
