// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <atomic>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "metrics/cgroup_collector.h"
#include "tests/unit/metrics/fixture.h"

namespace caisson::metrics {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

constexpr char kContainerLabels[] =
    "container=\"web\",id=\"/caisson/pods/u1/abc\",image=\"busybox:latest\",name=\"abc\","
    "namespace=\"default\",pod=\"web-1\"";
constexpr char kPodLabels[] =
    "container=\"\",id=\"/caisson/pods/u1\",image=\"\",name=\"\",namespace=\"default\","
    "pod=\"web-1\"";

class CadvisorTextTest : public testing::TestWithParam<bool> {
 protected:
  CadvisorTextTest() { GetParam() ? node_.WriteV2() : node_.WriteV1(); }

  std::string Text(unsigned groups = kDefaultSeries) {
    Sampler sampler([this] { return node_.Targets(); }, StatsGroupsFor(groups));
    return CadvisorText(sampler, groups);
  }

  FakeNode node_;
};
INSTANTIATE_TEST_SUITE_P(Versions, CadvisorTextTest, testing::Bool(),
                         [](const auto& test) { return test.param ? "V2" : "V1"; });

TEST_P(CadvisorTextTest, ContainersAndPodsHaveTheirRows) {
  const std::string text = Text();

  EXPECT_THAT(
      SamplesOf(text, "container_cpu_usage_seconds_total"),
      ElementsAre(
          StrCat("container_cpu_usage_seconds_total{", kPodLabels, ",cpu=\"total\"} 1.5"),
          StrCat("container_cpu_usage_seconds_total{", kContainerLabels, ",cpu=\"total\"} 1.5")));
  EXPECT_THAT(
      SamplesOf(text, "container_memory_working_set_bytes"),
      ElementsAre(StrCat("container_memory_working_set_bytes{", kPodLabels, "} 4000"),
                  StrCat("container_memory_working_set_bytes{", kContainerLabels, "} 4000")));
  EXPECT_THAT(SamplesOf(text, "container_oom_events_total"),
              ElementsAre(StrCat("container_oom_events_total{", kContainerLabels, "} 1")));
  EXPECT_THAT(SamplesOf(text, "container_cpu_cfs_throttled_seconds_total"),
              ElementsAre(StrCat("container_cpu_cfs_throttled_seconds_total{", kContainerLabels,
                                 "} 0.00005")));
  EXPECT_THAT(SamplesOf(text, "container_spec_memory_limit_bytes"),
              ElementsAre(StrCat("container_spec_memory_limit_bytes{", kContainerLabels, "} 0")));
  EXPECT_THAT(SamplesOf(text, "container_spec_cpu_quota"),
              ElementsAre(StrCat("container_spec_cpu_quota{", kContainerLabels, "} 50000")));
  EXPECT_THAT(SamplesOf(text, "container_processes"), SizeIs(2));
  EXPECT_THAT(
      SamplesOf(text, "container_start_time_seconds"),
      ElementsAre(StrCat("container_start_time_seconds{", kContainerLabels, "} 1700000000")));
  EXPECT_THAT(SamplesOf(text, "container_last_seen"), SizeIs(1));
  EXPECT_THAT(SamplesOf(text, "machine_cpu_cores"), SizeIs(1));
}

TEST_P(CadvisorTextTest, NetworkIsToldOnceForThePodAndWithoutLo) {
  const std::string text = Text();

  const std::pair<const char*, int> expected[] = {
      {"container_network_receive_bytes_total", 648},
      {"container_network_receive_packets_total", 8},
      {"container_network_receive_errors_total", 1},
      {"container_network_receive_packets_dropped_total", 2},
      {"container_network_transmit_bytes_total", 900},
      {"container_network_transmit_packets_total", 9},
      {"container_network_transmit_errors_total", 3},
      {"container_network_transmit_packets_dropped_total", 4}};
  for (const auto& [name, value] : expected)
    EXPECT_THAT(SamplesOf(text, name),
                ElementsAre(StrCat(name, "{", kPodLabels, ",interface=\"eth0\"} ", value)));
}

TEST_P(CadvisorTextTest, AContainerHasAtMostThirtySeriesByDefault) {
  const std::string text = Text();

  int count = 0;
  for (const auto line : Split(text, '\n')) {
    if (line.find(kContainerLabels) != line.npos) ++count;
  }
  EXPECT_LE(count, 30) << text;
  EXPECT_GE(count, GetParam() ? 28 : 18);
}

TEST_P(CadvisorTextTest, DetailShowsAllLimits) {
  const std::string text = Text(kDetailSeries);
  for (const char* const family :
       {"container_spec_memory_swap_limit_bytes", "container_spec_memory_reservation_limit_bytes",
        "container_memory_mapped_file", "container_memory_failures_total"})
    EXPECT_THAT(SamplesOf(text, family), Not(IsEmpty())) << family;
}

TEST_P(CadvisorTextTest, EachFamilyIsAnnouncedOnceAndStandsTogether) {
  std::set<std::string> seen;
  std::string current;
  const std::string text = Text(kAllSeries);
  for (const auto line : Split(text, '\n')) {
    if (line.empty()) continue;
    if (line.substr(0, 7) == "# HELP ") {
      current = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_TRUE(seen.insert(current).second) << current << " is announced twice";
    } else if (line.front() != '#') {
      EXPECT_THAT(std::string(line), StartsWith(current));
    }
  }
  EXPECT_GT(seen.size(), 30u);
  EXPECT_EQ(text.back(), '\n');
}

TEST(CadvisorText, DisksAreBoundedAndTheBusiestWin) {
  FakeNode node;
  node.WriteV2();
  Sampler sampler([&] { return node.Targets(); }, StatsGroupsFor(kDiskSeries));

  const std::string text = CadvisorText(sampler, kDiskSeries);

  const auto reads = SamplesOf(text, "container_fs_reads_bytes_total");
  ASSERT_THAT(reads, SizeIs(2));
  EXPECT_THAT(reads[0], HasSubstr("} 4096"));
  EXPECT_THAT(reads[1], HasSubstr("} 9"));
}

TEST(CadvisorText, PressureAndDetailsAreThereWhenAskedFor) {
  FakeNode node;
  node.WriteV2();
  Sampler sampler([&] { return node.Targets(); }, StatsGroupsFor(kAllSeries));

  const std::string text = CadvisorText(sampler, kAllSeries);

  EXPECT_THAT(SamplesOf(text, "container_pressure_cpu_waiting_seconds_total")[0],
              HasSubstr("} 2.5"));
  EXPECT_THAT(SamplesOf(text, "container_memory_failures_total"), SizeIs(2));
  EXPECT_THAT(SamplesOf(CadvisorText(sampler), "container_memory_failures_total"), IsEmpty());
}

TEST(CadvisorText, TheLastWordsOfAContainerAreToldOnceAndCountersOnly) {
  FakeNode node;
  node.WriteV2();
  std::vector<Target> targets = node.Targets();
  Sampler sampler([&] { return targets; }, StatsGroupsFor(kDefaultSeries));
  (void)CadvisorText(sampler);
  const Target ended = targets.back();
  targets.pop_back();

  sampler.Retire(ended,
                 {.cpu = {.usage_ns = 2'000'000'000}, .memory = {.usage = 77, .oom_kills = 5}});
  const std::string once = CadvisorText(sampler);
  const std::string twice = CadvisorText(sampler);

  EXPECT_THAT(SamplesOf(once, "container_oom_events_total"),
              ElementsAre(StrCat("container_oom_events_total{", kContainerLabels, "} 5")));
  EXPECT_THAT(SamplesOf(once, "container_cpu_usage_seconds_total"), SizeIs(2));
  EXPECT_THAT(SamplesOf(once, "container_memory_usage_bytes"), SizeIs(1)) << "the pod's alone";
  EXPECT_THAT(SamplesOf(twice, "container_oom_events_total"), IsEmpty());
}

TEST(CadvisorText, LastWordsWinOverWhatWasReadWhileItLived) {
  FakeNode node;
  node.WriteV2();
  Sampler sampler([&] { return node.Targets(); }, StatsGroupsFor(kDefaultSeries));
  sampler.Retire(node.Container(), {.memory = {.oom_kills = 5}});

  EXPECT_THAT(SamplesOf(CadvisorText(sampler), "container_oom_events_total"),
              ElementsAre(StrCat("container_oom_events_total{", kContainerLabels, "} 5")));
}

TEST(Sampler, ATargetThatIsGoneIsLeftOutWithoutAnError) {
  FakeNode node;
  node.WriteV2();
  Target gone = node.Container();
  gone.id = "/gone";
  gone.record.directories[0].path = "/nowhere/x";
  Sampler sampler([&] { return std::vector<Target>{gone, node.Container()}; }, cgroup::kCpu);

  EXPECT_THAT(*sampler.Read(), SizeIs(1));
  EXPECT_EQ(sampler.errors(), 0u);
}

TEST(Sampler, KeepsNoMoreThanHalfOfTheDescriptors) {
  FakeNode node;
  node.WriteV2();
  Sampler sampler([&] { return node.Targets(); }, StatsGroupsFor(kDefaultSeries));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const auto open_files = [] {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {});
  };
  const auto idle = open_files();
  const rlimit tight{40, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &tight), 0);

  const auto readings = sampler.Read();
  const auto kept = open_files() - idle;

  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_THAT(*readings, SizeIs(2));
  EXPECT_EQ((*readings)[1].stats.pids.current, 3u) << "read all the same";
  EXPECT_LE(kept, 20);
}

TEST(Sampler, AnswersFromMemoryForAsLongAsItMay) {
  FakeNode node;
  node.WriteV2();
  int asked = 0;
  Sampler sampler(
      [&] {
        ++asked;
        return node.Targets();
      },
      cgroup::kCpu);

  const auto first = sampler.Read();
  EXPECT_EQ(sampler.Read(std::chrono::hours(1)), first);
  EXPECT_EQ(asked, 1);
  EXPECT_NE(sampler.Read(), first);
  EXPECT_EQ(asked, 2);
}

TEST(Sampler, ServesSeveralScrapersAtOnce) {
  FakeNode node;
  node.WriteV2();
  Sampler sampler([&] { return node.Targets(); }, StatsGroupsFor(kDefaultSeries));
  std::atomic<int> told = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 20; ++round) {
        Target ended = node.Container();
        ended.id += "-ended";
        sampler.Retire(ended, {.memory = {.oom_kills = 1}});
        const std::string text = CadvisorText(sampler);
        (void)ResourceText(sampler);
        for (const auto line : Split(text, '\n'))
          told +=
              line.substr(0, 26) == "container_oom_events_total" && line.find("-ended") != line.npos
                  ? 1
                  : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();

  told += static_cast<int>(sampler.TakeRetired().size());
  EXPECT_EQ(told, 80) << "none lost, none twice";
}

TEST(ResourceText, HasTheNamesOfMetricsServerWithTimes) {
  FakeNode node;
  node.WriteV2();
  Sampler sampler([&] { return node.Targets(); }, StatsGroupsFor(kDefaultSeries));

  const std::string text = ResourceText(sampler);

  const auto cpu = SamplesOf(text, "container_cpu_usage_seconds_total");
  ASSERT_THAT(cpu, SizeIs(1));
  EXPECT_THAT(cpu[0], StartsWith("container_cpu_usage_seconds_total{container=\"web\",namespace="
                                 "\"default\",pod=\"web-1\"} 1.5 1"));
  EXPECT_THAT(
      SamplesOf(text, "pod_memory_working_set_bytes")[0],
      StartsWith("pod_memory_working_set_bytes{namespace=\"default\",pod=\"web-1\"} 4000 "));
  EXPECT_THAT(SamplesOf(text, "node_cpu_usage_seconds_total"), SizeIs(1));
  EXPECT_THAT(SamplesOf(text, "node_memory_working_set_bytes"), SizeIs(1));
  EXPECT_THAT(SamplesOf(text, "container_start_time_seconds"),
              ElementsAre("container_start_time_seconds{container=\"web\",namespace=\"default\","
                          "pod=\"web-1\"} 1700000000"));
  EXPECT_THAT(SamplesOf(text, "resource_scrape_error"), ElementsAre("resource_scrape_error 0"));
}

TEST(ParseNetDev, SkipsWhatItCannotRead) {
  EXPECT_THAT(ParseNetDev("eth0: 1 2 3\nnonsense\n: \n"), IsEmpty());
  EXPECT_THAT(ParseNetDev("a:1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0"),
              ElementsAre(NetworkDevice{"a", 1, 2, 3, 4, 5, 6, 7, 8}));
}

}  // namespace
}  // namespace caisson::metrics
