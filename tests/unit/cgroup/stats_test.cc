// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/stats.h"

#include <gmock/gmock.h>

#include "runtime/base/file.h"
#include "runtime/cgroup/file_write.h"
#include "runtime/cgroup/stats_reader.h"
#include "tests/support/temp_dir.h"

namespace caisson::cgroup {
namespace {

using test::TempDir;
using testing::ElementsAre;

TEST(ParseLimit, KnowsEveryWayToSayUnlimited) {
  EXPECT_EQ(ParseLimit("max\n"), kUnlimited);
  EXPECT_EQ(ParseLimit("-1"), kUnlimited);
  EXPECT_EQ(ParseLimit("9223372036854771712\n"), kUnlimited);
  EXPECT_EQ(ParseLimit("4096\n"), 4096u);
  EXPECT_EQ(ParseLimit(""), std::nullopt);
  EXPECT_EQ(ParseLimit("12x"), std::nullopt);
}

TEST(FindKey, MatchesWholeKeys) {
  constexpr char kText[] = "oom 1\noom_kill 2\noom_group_kill 3";
  EXPECT_EQ(FindKey(kText, "oom"), 1u);
  EXPECT_EQ(FindKey(kText, "oom_kill"), 2u);
  EXPECT_EQ(FindKey(kText, "oom_group_kill"), 3u);
  EXPECT_EQ(FindKey(kText, "kill"), std::nullopt);
}

TEST(ParseIoStat, SumsNothingAndSkipsWhatItDoesNotKnow) {
  const auto devices = ParseIoStat(
      "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n"
      "broken\n254:16 rbytes=1\n7:0 \n");
  EXPECT_THAT(devices, ElementsAre(IoDevice{.major = 8,
                                            .minor = 0,
                                            .read_bytes = 4096,
                                            .write_bytes = 8192,
                                            .reads = 1,
                                            .writes = 2},
                                   IoDevice{.major = 254, .minor = 16, .read_bytes = 1},
                                   IoDevice{.major = 7, .minor = 0}));
}

TEST(ParseBlkio, JoinsBytesAndOperations) {
  const auto devices =
      ParseBlkio("8:0 Read 4096\n8:0 Write 8192\n8:0 Sync 1\n8:0 Total 12288\nTotal 12288\n",
                 "8:0 Read 3\n8:0 Write 5\n");
  EXPECT_THAT(devices,
              ElementsAre(IoDevice{
                  .major = 8, .read_bytes = 4096, .write_bytes = 8192, .reads = 3, .writes = 5}));
}

TEST(ParsePressure, ReadsBothLines) {
  const auto pressure = ParsePressure(
      "some avg10=1.50 avg60=0.25 avg300=0.00 total=123\nfull avg10=0.00 avg60=0.00 avg300=2.00 "
      "total=45\n");
  ASSERT_TRUE(pressure);
  EXPECT_DOUBLE_EQ(pressure->some.avg10, 1.5);
  EXPECT_EQ(pressure->some.total_us, 123u);
  EXPECT_DOUBLE_EQ(pressure->full.avg300, 2.0);
  EXPECT_EQ(pressure->full.total_us, 45u);
  EXPECT_FALSE(ParsePressure(""));
}

TEST(ParseRdma, JoinsUsageAndLimits) {
  const auto rdma = ParseRdma("mlx4_0 hca_handle=2 hca_object=2000\n",
                              "mlx4_0 hca_handle=3 hca_object=max\nocrdma1 hca_handle=9\n");
  ASSERT_EQ(rdma.size(), 2u);
  EXPECT_EQ(rdma[0].handles, 2u);
  EXPECT_EQ(rdma[0].objects_limit, kUnlimited);
  EXPECT_EQ(rdma[1].handles_limit, 9u);
  EXPECT_FALSE(rdma[1].handles);
}

TEST(ParseCpuList, TakesListsAndRefusesWhatIsNone) {
  EXPECT_THAT(*ParseCpuList("0-2,5,1\n"), ElementsAre(0, 1, 2, 5));
  EXPECT_TRUE(ParseCpuList("")->empty());
  for (const char* bad : {"a", "1-", "-1", "3-1", "1,,2", "0-99999", "1-2-3"})
    EXPECT_FALSE(ParseCpuList(bad)) << bad;
}

TEST(WorkingSet, IsNeverNegative) {
  EXPECT_EQ((MemoryStats{.usage = 10, .inactive_file = 30}).WorkingSet(), 0u);
  EXPECT_EQ((MemoryStats{.usage = 30, .inactive_file = 10}).WorkingSet(), 20u);
  EXPECT_FALSE(MemoryStats{}.WorkingSet());
}

TEST(StatsReader, ReadsV2) {
  const TempDir dir;
  dir.Write("cpu.stat",
            "usage_usec 3000\nuser_usec 2000\nsystem_usec 1000\nnr_periods 7\nnr_throttled 2\n"
            "throttled_usec 50\n");
  dir.Write("cpu.weight", "100\n");
  dir.Write("cpu.max", "max 100000\n");
  dir.Write("memory.current", "1000\n");
  dir.Write("memory.max", "2000\n");
  dir.Write("memory.stat", "anon 400\nfile 600\ninactive_file 100\n");
  dir.Write("memory.events", "low 0\nhigh 1\nmax 4\noom 2\noom_kill 3\n");
  dir.Write("pids.current", "5\n");
  dir.Write("pids.max", "max\n");
  dir.Write("cgroup.procs", "1\n2\n3\n");
  dir.Write("io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4\n");
  dir.Write("hugetlb.2MB.current", "2097152\n");
  dir.Write("memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=9\n");
  auto reader = StatsReader::Open({.directories = {{.version = Version::kV2, .path = dir.path()}}});
  ASSERT_TRUE(reader);

  const auto stats = reader->Read();

  ASSERT_TRUE(stats) << stats.error().message();
  EXPECT_EQ(stats->cpu.usage_ns, 3'000'000u);
  EXPECT_EQ(stats->cpu.throttled_ns, 50'000u);
  EXPECT_EQ(stats->cpu.quota_us, kUnlimited);
  EXPECT_EQ(stats->cpu.shares, SharesFromWeight(100));
  EXPECT_EQ(stats->memory.WorkingSet(), 900u);
  EXPECT_EQ(stats->memory.rss, 400u);
  EXPECT_EQ(stats->memory.oom_kills, 3u);
  EXPECT_EQ(stats->memory.failures, 4u);
  EXPECT_EQ(stats->pids.limit, kUnlimited);
  EXPECT_EQ(stats->processes, 3u);
  EXPECT_EQ(stats->io.size(), 1u);
  ASSERT_EQ(stats->hugetlb.size(), 1u);
  EXPECT_EQ(stats->hugetlb[0].page_size, "2MB");
  EXPECT_EQ(stats->memory_pressure->some.total_us, 9u);
  EXPECT_FALSE(stats->cpu_pressure) << "no such file here";
}

TEST(StatsReader, SeesNewValuesOnTheSameDescriptors) {
  const TempDir dir;
  dir.Write("pids.current", "5\n");
  auto reader = StatsReader::Open({.directories = {{.version = Version::kV2, .path = dir.path()}}});
  ASSERT_TRUE(reader);
  ASSERT_EQ(reader->Read(kPids)->pids.current, 5u);

  // In place, as the kernel changes it; a renamed file would be another one.
  const UniqueFd fd(::open((dir / "pids.current").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
  ASSERT_TRUE(WriteAll(fd, "6\n", "pids.current"));

  EXPECT_EQ(reader->Read(kPids)->pids.current, 6u);
}

TEST(StatsReader, ReadsHybridWithTimesAndPressureFromV2) {
  const TempDir dir;
  dir.Write("unified/cpu.stat", "usage_usec 3\nuser_usec 2\nsystem_usec 1\n");
  dir.Write("unified/cpu.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n");
  dir.Write("unified/cgroup.procs", "1\n");
  dir.Write("cpu/cpu.stat", "nr_periods 7\nnr_throttled 2\nthrottled_time 50\n");
  dir.Write("cpu/cpu.shares", "512\n");
  dir.Write("cpu/cpu.cfs_quota_us", "-1\n");
  dir.Write("memory/memory.usage_in_bytes", "1000\n");
  dir.Write("memory/memory.limit_in_bytes", "9223372036854771712\n");
  dir.Write("memory/memory.stat", "rss 1\ntotal_rss 400\ntotal_inactive_file 100\n");
  dir.Write("memory/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
  auto reader =
      StatsReader::Open({.directories = {{.controllers = "cpu", .path = dir / "cpu"},
                                         {.controllers = "memory", .path = dir / "memory"},
                                         {.version = Version::kV2, .path = dir / "unified"}}});
  ASSERT_TRUE(reader);

  const auto stats = reader->Read();

  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->cpu.usage_ns, 3000u);
  EXPECT_EQ(stats->cpu.throttled_ns, 50u);
  EXPECT_EQ(stats->cpu.shares, 512u);
  EXPECT_EQ(stats->cpu.quota_us, kUnlimited);
  EXPECT_EQ(stats->memory.rss, 400u);
  EXPECT_EQ(stats->memory.limit, kUnlimited);
  EXPECT_EQ(stats->memory.oom_kills, 2u);
  EXPECT_EQ(stats->processes, 1u);
  EXPECT_TRUE(stats->cpu_pressure);
}

TEST(StatsReader, ReadsV1AccountsWhereThereIsNoV2) {
  const TempDir dir;
  dir.Write("cpuacct/cpuacct.usage", "5000\n");
  dir.Write("cpuacct/cpuacct.usage_user", "3000\n");
  dir.Write("cpuacct/cpuacct.usage_percpu", "2000 3000 \n");
  auto reader =
      StatsReader::Open({.directories = {{.controllers = "cpuacct", .path = dir / "cpuacct"}}});
  ASSERT_TRUE(reader);

  const auto stats = reader->Read(kCpu | kPerCpu);

  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->cpu.usage_ns, 5000u);
  EXPECT_EQ(stats->cpu.user_ns, 3000u);
  EXPECT_THAT(stats->cpu.per_cpu_ns, ElementsAre(2000u, 3000u));
}

TEST(StatsReader, ACgroupThatIsGoneIsNotFound) {
  const auto reader = StatsReader::Open(
      {.path = "/web", .directories = {{.version = Version::kV2, .path = "/nowhere"}}});

  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code(), Code::kNotFound);
  EXPECT_EQ(reader.error().message(),
            "cgroup \"/web\": access \"/nowhere\": No such file or directory (ENOENT)");
}

}  // namespace
}  // namespace caisson::cgroup
