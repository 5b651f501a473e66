// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include "runtime/cgroup/file_write.h"
#include "runtime/cgroup/split.h"

namespace caisson::cgroup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "file=value" of each write, which is what most cases are about.
std::vector<std::string> Lines(const Result<Translation>& translation) {
  if (!translation) return {StrCat("error: ", translation.error().message())};
  std::vector<std::string> lines;
  for (const FileWrite& write : translation->writes)
    lines.push_back(StrCat(write.file, "=", write.value, write.optional ? "?" : ""));
  return lines;
}

spec::Resources Memory(spec::MemoryResources memory) { return {.memory = memory}; }
spec::Resources Cpu(spec::CpuResources cpu) { return {.cpu = std::move(cpu)}; }

TEST(TranslateMemoryV2, SwapIsWhatIsAboveTheLimit) {
  EXPECT_THAT(Lines(TranslateV2(Memory({.limit = 100, .reservation = 50, .swap = 130}))),
              ElementsAre("memory.swap.max=30", "memory.max=100", "memory.low=50"));
  EXPECT_THAT(Lines(TranslateV2(Memory({.limit = 100, .swap = 100}))),
              ElementsAre("memory.swap.max=0?", "memory.max=100"));
  EXPECT_THAT(Lines(TranslateV2(Memory({.limit = 100, .swap = -1}))),
              ElementsAre("memory.swap.max=max?", "memory.max=100"));
  EXPECT_THAT(Lines(TranslateV2(Memory({.limit = -1}))),
              ElementsAre("memory.swap.max=max?", "memory.max=max"));
}

TEST(TranslateMemoryV2, SwapBelowLimitIsRefusedAndNamesTheField) {
  const auto writes = TranslateV2(Memory({.limit = 200, .swap = 100}));

  ASSERT_FALSE(writes);
  EXPECT_EQ(writes.error().code(), Code::kInvalidSpec);
  EXPECT_EQ(writes.error().message(),
            "linux.resources.memory.swap: must be at least the memory limit");
  EXPECT_THAT(writes.error().hint(), HasSubstr("set it to the limit plus the swap allowed"));
}

TEST(TranslateMemoryV2, SwapWithoutALimitIsRefused) {
  EXPECT_THAT(Lines(TranslateV2(Memory({.swap = 100}))),
              ElementsAre("error: linux.resources.memory.swap: counts memory plus swap, so it "
                          "needs a memory limit"));
}

TEST(TranslateMemory, ZeroMeansLeaveAsItIs) {
  const auto zeros = Memory({.limit = 0, .reservation = 0, .swap = 0});
  EXPECT_THAT(Lines(TranslateV1(zeros)), IsEmpty());
  EXPECT_THAT(Lines(TranslateV2(zeros)), IsEmpty());
}

TEST(TranslateMemory, OtherNegativesAndBigSwappinessAreRefused) {
  EXPECT_THAT(Lines(TranslateV1(Memory({.limit = -2}))),
              ElementsAre("error: linux.resources.memory.limit: must be bytes or -1 for "
                          "unlimited, not -2"));
  EXPECT_THAT(Lines(TranslateV2(Memory({.swappiness = 101}))),
              ElementsAre("error: linux.resources.memory.swappiness: must be 0 to 100, not 101"));
}

TEST(TranslateMemoryV2, WhatV2LacksIsSaidAndLeftOut) {
  const auto result = TranslateV2(Memory({.kernel = 1,
                                          .kernel_tcp = 1,
                                          .swappiness = 10,
                                          .disable_oom_killer = true,
                                          .use_hierarchy = false}));

  ASSERT_TRUE(result);
  EXPECT_THAT(result->writes, IsEmpty());
  ASSERT_EQ(result->warnings.size(), 5u);
  EXPECT_EQ(result->warnings[3],
            "linux.resources.memory.disableOOMKiller: left out, cgroup v2 has nothing like it");
}

TEST(TranslateMemoryV1, EverythingHasItsFile) {
  const auto result = TranslateV1(Memory({.limit = 100,
                                          .reservation = 50,
                                          .swap = 200,
                                          .kernel = 1,
                                          .kernel_tcp = 7,
                                          .swappiness = 10,
                                          .disable_oom_killer = true,
                                          .use_hierarchy = false}));

  EXPECT_THAT(Lines(result),
              ElementsAre("memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=200",
                          "memory.soft_limit_in_bytes=50", "memory.kmem.tcp.limit_in_bytes=7",
                          "memory.swappiness=10", "memory.oom_control=1"));
  ASSERT_EQ(result->warnings.size(), 2u);
  EXPECT_THAT(result->warnings[0], HasSubstr("linux.resources.memory.kernel: left out"));
}

TEST(TranslateMemoryV1, LiftingTheLimitLiftsMemoryPlusSwap) {
  EXPECT_THAT(Lines(TranslateV1(Memory({.limit = -1}))),
              ElementsAre("memory.limit_in_bytes=-1", "memory.memsw.limit_in_bytes=-1?"));
}

TEST(TranslateCpu, EachVersionHasItsFilesAndOrder) {
  const auto cpu = Cpu({.shares = 1024,
                        .quota_us = 50000,
                        .burst_us = 1000,
                        .period_us = 100000,
                        .realtime_runtime_us = 9,
                        .realtime_period_us = 10,
                        .cpus = "0-1",
                        .mems = "0",
                        .idle = 0});

  EXPECT_THAT(Lines(TranslateV1(cpu)),
              ElementsAre("cpuset.cpus=0-1", "cpuset.mems=0", "cpu.rt_period_us=10",
                          "cpu.rt_runtime_us=9", "cpu.shares=1024", "cpu.cfs_period_us=100000",
                          "cpu.cfs_quota_us=50000", "cpu.cfs_burst_us=1000", "cpu.idle=0"));
  const auto v2 = TranslateV2(cpu);
  EXPECT_THAT(Lines(v2), ElementsAre("cpuset.cpus=0-1", "cpuset.mems=0", "cpu.weight=100",
                                     "cpu.max=50000 100000", "cpu.max.burst=1000", "cpu.idle=0"));
  EXPECT_THAT(v2->warnings, ElementsAre(HasSubstr("linux.resources.cpu.realtimeRuntime")));
}

TEST(TranslateCpuV2, QuotaAndPeriodShareAFile) {
  EXPECT_THAT(Lines(TranslateV2(Cpu({.quota_us = 5000}))), ElementsAre("cpu.max=5000"));
  EXPECT_THAT(Lines(TranslateV2(Cpu({.quota_us = -1}))), ElementsAre("cpu.max=max"));
  EXPECT_THAT(Lines(TranslateV2(Cpu({.period_us = 2000}))), ElementsAre("cpu.max=max 2000"));
}

TEST(TranslateCpuV2, AnIdleGroupTakesNoWeight) {
  EXPECT_THAT(Lines(TranslateV2(Cpu({.shares = 100, .idle = 1}))), ElementsAre("cpu.idle=1"));
}

TEST(TranslateCpu, RangesAreCheckedBeforeTheKernelClampsThem) {
  EXPECT_THAT(Lines(TranslateV1(Cpu({.shares = 1}))),
              ElementsAre("error: linux.resources.cpu.shares: must be 2 to 262144, not 1"));
  EXPECT_THAT(Lines(TranslateV2(Cpu({.period_us = 10}))),
              ElementsAre(HasSubstr("linux.resources.cpu.period: must be 1000 to 1000000")));
  EXPECT_THAT(Lines(TranslateV2(Cpu({.quota_us = 10}))),
              ElementsAre(HasSubstr("linux.resources.cpu.quota: must be at least 1000")));
  EXPECT_THAT(Lines(TranslateV2(Cpu({.idle = 2}))),
              ElementsAre("error: linux.resources.cpu.idle: must be 0 or 1, not 2"));
}

TEST(WeightFromShares, GoesThroughMinimumDefaultAndMaximum) {
  EXPECT_EQ(WeightFromShares(2), 1u);
  EXPECT_EQ(WeightFromShares(1024), 100u);
  EXPECT_EQ(WeightFromShares(262144), 10000u);
  EXPECT_EQ(WeightFromShares(2000), 170u);  // as runc 1.3.2
}

TEST(SharesFromWeight, IsTheInverse) {
  for (std::uint64_t shares = 2; shares <= 262144; shares = shares * 3 / 2 + 1) {
    const std::uint64_t weight = WeightFromShares(shares);
    const std::uint64_t back = SharesFromWeight(weight);
    EXPECT_EQ(WeightFromShares(back), weight);
  }
  EXPECT_EQ(SharesFromWeight(100), 1024u);
}

TEST(TranslatePids, MinusOneIsMaxAndZeroForbidsEveryFork) {
  const std::pair<std::int64_t, const char*> cases[] = {
      {-1, "pids.max=max"}, {0, "pids.max=1"}, {7, "pids.max=7"}};
  for (const auto& [limit, line] : cases) {
    const spec::Resources resources{.pids = spec::PidsResources{limit}};
    EXPECT_THAT(Lines(TranslateV1(resources)), ElementsAre(line));
    EXPECT_THAT(Lines(TranslateV2(resources)), ElementsAre(line));
  }
}

spec::Resources BlockIo() {
  return {.block_io = spec::BlockIoResources{.weight = 10,
                                             .leaf_weight = 20,
                                             .weight_device = {{8, 0, 1000, 30}},
                                             .throttle_read_bps_device = {{8, 0, 100}},
                                             .throttle_write_bps_device = {{8, 16, 200}},
                                             .throttle_read_iops_device = {{8, 0, 0}},
                                             .throttle_write_iops_device = {{8, 0, 4}}}};
}

TEST(TranslateBlockIo, V1) {
  const auto result = TranslateV1(BlockIo());
  EXPECT_THAT(
      Lines(result),
      ElementsAre("blkio.bfq.weight=10", "blkio.leaf_weight=20", "blkio.bfq.weight_device=8:0 1000",
                  "blkio.leaf_weight_device=8:0 30", "blkio.throttle.read_bps_device=8:0 100",
                  "blkio.throttle.write_bps_device=8:16 200",
                  "blkio.throttle.read_iops_device=8:0 0",
                  "blkio.throttle.write_iops_device=8:0 4"));
  EXPECT_EQ(result->writes[0].other_file, "blkio.weight");
  EXPECT_EQ(result->writes[5].field, "linux.resources.blockIO.throttleWriteBpsDevice[0]");
}

TEST(TranslateBlockIo, V2ScalesWeightsWithoutBfqAndLiftsAtRateZero) {
  const auto result = TranslateV2(BlockIo());
  EXPECT_THAT(Lines(result),
              ElementsAre("io.bfq.weight=10", "io.bfq.weight=8:0 1000", "io.max=8:0 rbps=100",
                          "io.max=8:16 wbps=200", "io.max=8:0 riops=max", "io.max=8:0 wiops=4"));
  EXPECT_EQ(result->writes[0].other_file, "io.weight");
  EXPECT_EQ(result->writes[0].other_value, "1");
  EXPECT_EQ(result->writes[1].other_value, "8:0 10000");
  EXPECT_THAT(result->warnings, ElementsAre(HasSubstr("blockIO.leafWeight: left out")));
}

TEST(TranslateBlockIo, WeightsOutOfRangeNameTheirDevice) {
  spec::Resources resources = BlockIo();
  resources.block_io->weight_device[0].weight = 5;
  for (const auto& translate : {TranslateV1, TranslateV2})
    EXPECT_THAT(Lines(translate(resources)),
                ElementsAre("error: linux.resources.blockIO.weightDevice[0].weight: must be 10 "
                            "to 1000, not 5"));
}

TEST(TranslateHugepages, ReservationsAreLimitedWhereTheKernelCan) {
  const spec::Resources resources{.hugepage_limits = {{"2MB", 4194304}}};
  EXPECT_THAT(Lines(TranslateV1(resources)),
              ElementsAre("hugetlb.2MB.limit_in_bytes=4194304",
                          "hugetlb.2MB.rsvd.limit_in_bytes=4194304?"));
  EXPECT_THAT(Lines(TranslateV2(resources)),
              ElementsAre("hugetlb.2MB.max=4194304", "hugetlb.2MB.rsvd.max=4194304?"));
}

TEST(TranslateHugepages, SizesThatAreNoSizesAreRefused) {
  for (const char* size : {"", "MB", "2", "2mb", "../../x", "2MB/..", "2MB\n"}) {
    const spec::Resources resources{.hugepage_limits = {{size, 1}}};
    EXPECT_THAT(Lines(TranslateV1(resources)),
                ElementsAre(HasSubstr("linux.resources.hugepageLimits[0].pageSize: must be")));
  }
}

TEST(TranslateNetwork, IsV1Only) {
  const spec::Resources resources{
      .network = spec::NetworkResources{.class_id = 1048577, .priorities = {{"eth0", 5}}}};
  EXPECT_THAT(Lines(TranslateV1(resources)),
              ElementsAre("net_cls.classid=1048577", "net_prio.ifpriomap=eth0 5"));
  EXPECT_THAT(Lines(TranslateV2(resources)),
              ElementsAre("error: linux.resources.network.classID: cgroup v2 has nothing like it"));
  const spec::Resources spaced{.network = spec::NetworkResources{.priorities = {{"a b", 5}}}};
  EXPECT_THAT(Lines(TranslateV1(spaced)),
              ElementsAre(HasSubstr("network.priorities[0].name: an interface's name has no")));
}

TEST(TranslateRdma, IsTheSameOnBoth) {
  const spec::Resources resources{.rdma = {{"mlx5_0", {.hca_handles = 2, .hca_objects = 300}}}};
  for (const auto& translate : {TranslateV1, TranslateV2})
    EXPECT_THAT(Lines(translate(resources)),
                ElementsAre("rdma.max=mlx5_0 hca_handle=2 hca_object=300"));
  const spec::Resources most{
      .rdma = {{"mlx5_0", {.hca_handles = 2147483646}}, {"rxe0", {.hca_objects = 4294967295}}}};
  EXPECT_THAT(Lines(TranslateV2(most)),
              ElementsAre("rdma.max=mlx5_0 hca_handle=2147483646", "rdma.max=rxe0 hca_object=max"));
  const spec::Resources empty{.rdma = {{"mlx5_0", {}}}};
  EXPECT_THAT(Lines(TranslateV2(empty)),
              ElementsAre("error: linux.resources.rdma.mlx5_0: needs hcaHandles, hcaObjects or "
                          "both"));
}

TEST(TranslateUnified, HasTheLastWordOnV2AndNoneOnV1) {
  const spec::Resources resources{.memory = spec::MemoryResources{.limit = 1},
                                  .unified = {{"memory.high", "5"}, {"memory.max", "9"}}};
  EXPECT_THAT(Lines(TranslateV2(resources)),
              ElementsAre("memory.max=1", "memory.high=5", "memory.max=9"));
  const auto v1 = TranslateV1(resources);
  ASSERT_FALSE(v1);
  EXPECT_EQ(v1.error().code(), Code::kUnsupported);
  EXPECT_EQ(v1.error().message(),
            "linux.resources.unified.memory.high: invalid configuration: this host has cgroup v1");
}

TEST(TranslateUnified, OnlyNamesOfResourceFilesPass) {
  for (const char* file : {"", "memory", "../memory.max", "a/memory.max", ".hidden", "cgroup.procs",
                           "cgroup.kill", "cgroup.subtree_control"}) {
    const spec::Resources resources{.unified = {{file, "1"}}};
    EXPECT_THAT(Lines(TranslateV2(resources)),
                ElementsAre(HasSubstr(StrCat("linux.resources.unified.", file, ": "))));
  }
}

TEST(SplitByVersion, EachControllerGoesWhereItLives) {
  Record hybrid{.directories = {{.controllers = "memory", .path = "/m/x"},
                                {.controllers = "cpuset", .path = "/c/x"},
                                {.version = Version::kV2, .path = "/u/x"}}};
  const spec::Resources resources{.memory = spec::MemoryResources{.limit = 1},
                                  .cpu = spec::CpuResources{.shares = 2, .cpus = "0"},
                                  .hugepage_limits = {{"2MB", 1}},
                                  .unified = {{"a.b", "c"}, {"memory.high", "1"}}};

  const auto [v1, v2] = SplitByVersion(resources, hybrid);

  EXPECT_TRUE(v1.memory && !v2.memory);
  EXPECT_EQ(v1.cpu->cpus, "0");
  EXPECT_FALSE(v1.cpu->shares);
  EXPECT_EQ(v2.cpu->shares, 2u);
  EXPECT_EQ(v2.cpu->cpus, "");
  EXPECT_EQ(v2.hugepage_limits.size(), 1u);
  EXPECT_THAT(v1.unified, ElementsAre(testing::Pair("memory.high", "1")));
  EXPECT_THAT(v2.unified, ElementsAre(testing::Pair("a.b", "c")));

  hybrid.directories.erase(hybrid.directories.begin(), hybrid.directories.begin() + 2);
  const auto [none, unified] = SplitByVersion(resources, hybrid);
  EXPECT_TRUE(unified.memory && !none.memory);
  EXPECT_EQ(unified.unified.size(), 2u);
}

}  // namespace
}  // namespace caisson::cgroup
