// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/exit_stats.h"

#include <signal.h>

#include "runtime/base/file.h"

namespace caisson::cli {
namespace {

std::string Figure(const cgroup::Count& count) { return count ? StrCat(*count) : "null"; }

}  // namespace

std::string ExitStatsJson(const ExitStatus& status, const cgroup::Stats& stats) {
  return StrCat(
      "{\"exitCode\":", status.ShellCode(), ",\"signal\":", status.signal,
      ",\"oomKills\":", Figure(stats.memory.oom_kills), ",\"cpuNs\":", Figure(stats.cpu.usage_ns),
      ",\"userNs\":", Figure(stats.cpu.user_ns), ",\"systemNs\":", Figure(stats.cpu.system_ns),
      ",\"memoryPeakBytes\":", Figure(stats.memory.peak), ",\"pidsPeak\":", Figure(stats.pids.peak),
      "}\n");
}

Status WriteExitStats(const std::string& path, const container::Opened& opened,
                      const ExitStatus& status) {
  CAISSON_ASSIGN(const cgroup::Manager manager, container::CgroupOf(opened.record));
  // systemd removes the cgroup with its last process; what is left is the status.
  Result<cgroup::Stats> stats = manager.ReadStats();
  if (!stats && stats.error().code() == Code::kNotFound) stats = cgroup::Stats();
  if (!stats) return std::move(stats).error();
  return AtomicWriteAt(kCwd, path, ExitStatsJson(status, *stats), 0644, Durability::kThisBoot);
}

std::optional<std::string> OutOfMemory(const container::Opened& opened, const ExitStatus& status) {
  if (status.signal != SIGKILL) return std::nullopt;
  const auto manager = container::CgroupOf(opened.record);
  if (!manager) return std::nullopt;
  const auto stats = manager->ReadStats();
  if (!stats || stats->memory.oom_kills.value_or(0) == 0) return std::nullopt;
  Error error(Code::kSystem, StrCat("the kernel killed ", *stats->memory.oom_kills,
                                    " of the container's processes: out of memory"));
  const cgroup::Count& limit = stats->memory.limit;
  // Without a limit of its own it was another's: that of a cgroup above, or the host's memory.
  if (!limit || *limit == cgroup::kUnlimited) return error.ToString();
  return std::move(error)
      .Wrap(StrCat("memory limit of ", *limit, " bytes"))
      .Hint("raise linux.resources.memory.limit")
      .ToString();
}

}  // namespace caisson::cli
