// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/stats_json.h"

#include <gmock/gmock.h>

#include "runtime/cli/exit_stats.h"
#include "runtime/cli/output.h"

namespace caisson::cli {
namespace {

using ::testing::HasSubstr;

TEST(StatsEvent, HasRuncsMembersAndAbsentCountersAreZero) {
  cgroup::Stats stats;
  stats.cpu.usage_ns = 5;
  stats.cpu.per_cpu_ns = {2, 3};
  stats.memory.usage = 7;
  stats.pids.current = 1;
  stats.pids.limit = cgroup::kUnlimited;

  const std::string event = StatsEvent("web", stats);

  EXPECT_THAT(
      event,
      ::testing::StartsWith(
          R"({"type":"stats","id":"web","data":{"cpu":{"usage":)"
          R"({"total":5,"percpu":[2,3],"percpu_kernel":[],"percpu_user":[],"kernel":0,"user":0})"));
  EXPECT_THAT(event, HasSubstr(R"("usage":{"limit":0,"usage":7,"max":0,"failcnt":0})"));
  EXPECT_THAT(event, HasSubstr(R"("pids":{"current":1,"limit":0})"));
  EXPECT_THAT(event, ::testing::EndsWith("}}\n"));
}

TEST(OomEvent, NamesTheContainer) {
  EXPECT_EQ(OomEvent("a\"b"), "{\"type\":\"oom\",\"id\":\"a\\\"b\"}\n");
}

TEST(ExitStats, AFigureThatTheHostLacksIsNull) {
  cgroup::Stats stats;
  stats.cpu.usage_ns = 12;
  stats.memory.oom_kills = 1;

  EXPECT_EQ(ExitStatsJson({.code = 0, .signal = 9}, stats),
            "{\"exitCode\":137,\"signal\":9,\"oomKills\":1,\"cpuNs\":12,\"userNs\":null,"
            "\"systemNs\":null,\"memoryPeakBytes\":null,\"pidsPeak\":null}\n");
}

TEST(Table, ColumnsAreAsWideAsTheirWidestCell) {
  EXPECT_EQ(Table({{"ID", "X"}, {"a-rather-long-id", "1"}}),
            "ID                 X\na-rather-long-id   1\n");
}

}  // namespace
}  // namespace caisson::cli
