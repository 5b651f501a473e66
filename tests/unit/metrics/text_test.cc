// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <set>

#include "metrics/agent_metrics.h"
#include "metrics/cgroup_collector.h"
#include "metrics/text_writer.h"
#include "runtime/base/file.h"
#include "runtime/base/run_command.h"
#include "tests/unit/metrics/fixture.h"

namespace caisson::metrics {
namespace {

using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string Shown(Value value) {
  std::string text;
  AppendValue(text, value);
  return text;
}

TEST(AppendValue, IsExact) {
  EXPECT_EQ(Shown({12, 0}), "12");
  EXPECT_EQ(Shown({1'500'000'000, 9}), "1.5");
  EXPECT_EQ(Shown({1, 9}), "0.000000001");
  EXPECT_EQ(Shown({UINT64_MAX, 9}), "18446744073.709551615");
  EXPECT_EQ(Shown({0, 9}), "0");
}

TEST(Label, EscapesWhatTheFormatNeedsEscaped) {
  EXPECT_EQ(Label("a", "x\"y\\z\n"), "a=\"x\\\"y\\\\z\\n\"");
}

TEST(TextWriter, AFamilyWithoutSamplesIsNotAnnounced) {
  TextWriter out;
  out.Family("a_total", Type::kCounter, "A.");
  out.Family("b", Type::kGauge, "B.");
  out.Sample("", "x=\"1\"", {5, 0}, 1700);

  EXPECT_EQ(out.Take(), "# HELP b B.\n# TYPE b gauge\nb{x=\"1\"} 5 1700\n");
}

class Agent : public testing::Test {
 protected:
  AgentMetrics agent_{{.version = "1.2.3", .revision = "abc"}, [] {
                        return std::map<std::string, std::size_t>{{"Running", 3}};
                      }};
};

TEST_F(Agent, TellsWhatItDid) {
  agent_.PodStarted(milliseconds(12));
  agent_.Operation("create_container", milliseconds(3), true);
  agent_.Operation("create_container", milliseconds(3), false);
  agent_.StartPhase("mounts", milliseconds(1));
  agent_.ApiRequest("GET", "pods", 200, milliseconds(2));
  agent_.ApiRequest("WATCH", "pods", 200, milliseconds(60000));
  agent_.WatchClients(+1);
  agent_.WatchClients(+1);
  agent_.WatchClients(-1);
  agent_.EventsDropped(4);
  agent_.Scraped("cgroup", milliseconds(5));
  agent_.ScrapeErrors("cgroup", 2);
  agent_.ScrapeErrors("cgroup", 3);
  agent_.OomKill(cgroup::OomLevel::kPod);
  agent_.ContainerRestarted();

  const std::string text = agent_.Text();

  EXPECT_THAT(SamplesOf(text, "caisson_build_info"),
              ElementsAre("caisson_build_info{revision=\"abc\",version=\"1.2.3\"} 1"));
  EXPECT_THAT(SamplesOf(text, "caisson_pods"), Contains("caisson_pods{phase=\"Running\"} 3"));
  EXPECT_THAT(SamplesOf(text, "caisson_pods"), Contains("caisson_pods{phase=\"Pending\"} 0"));
  EXPECT_THAT(SamplesOf(text, "caisson_pod_start_duration_seconds_count"),
              ElementsAre("caisson_pod_start_duration_seconds_count 1"));
  EXPECT_THAT(text, HasSubstr("caisson_pod_start_duration_seconds_bucket{le=\"0.02\"} 1"));
  EXPECT_THAT(text,
              HasSubstr("caisson_runtime_operations_total{operation=\"create_container\"} 2"));
  EXPECT_THAT(
      text, HasSubstr("caisson_runtime_operations_errors_total{operation=\"create_container\"} 1"));
  EXPECT_THAT(text, HasSubstr("caisson_api_requests_total{code=\"200\",resource=\"pods\","
                              "verb=\"WATCH\"} 1"));
  EXPECT_THAT(text, HasSubstr("caisson_api_request_duration_seconds_count{resource=\"pods\","
                              "verb=\"GET\"} 1"));
  EXPECT_THAT(text, Not(HasSubstr("duration_seconds_count{resource=\"pods\",verb=\"WATCH\"}")));
  EXPECT_THAT(SamplesOf(text, "caisson_watch_clients"), ElementsAre("caisson_watch_clients 1"));
  EXPECT_THAT(SamplesOf(text, "caisson_events_dropped_total"),
              ElementsAre("caisson_events_dropped_total 4"));
  EXPECT_THAT(SamplesOf(text, "caisson_scrape_errors_total"),
              ElementsAre("caisson_scrape_errors_total{collector=\"cgroup\"} 3"));
  EXPECT_THAT(SamplesOf(text, "caisson_container_oom_kills_total"),
              Contains("caisson_container_oom_kills_total{level=\"pod\"} 1"));
  EXPECT_THAT(SamplesOf(text, "caisson_container_oom_kills_total"),
              Contains("caisson_container_oom_kills_total{level=\"container\"} 0"));
}

TEST_F(Agent, TellsWhatItUses) {
  const std::string text = agent_.Text();

  for (const char* name : {"process_cpu_seconds_total", "process_resident_memory_bytes",
                           "process_virtual_memory_bytes", "process_open_fds", "process_max_fds",
                           "process_start_time_seconds"})
    EXPECT_EQ(SamplesOf(text, name).size(), 1u) << name;
}

// What promtool finds wrong, without what the allow list lets pass.
std::vector<std::string> Objections(const std::string& exposition) {
  const auto checked = RunCommand({.argv = {"promtool", "check", "metrics"}}, exposition,
                                  Deadline::After(std::chrono::seconds(30)));
  if (!checked) return {checked.error().message()};
  std::set<std::string, std::less<>> allowed;
  const auto list = ReadFile(StrCat(CAISSON_TEST_DATA, "/metric_allow_list.txt"));
  if (!list) return {list.error().message()};
  for (const auto line : Split(*list, '\n')) {
    if (!line.empty() && line.front() != '#') allowed.emplace(line.substr(0, line.find(' ')));
  }
  std::vector<std::string> objections;
  const std::string said = checked->err + checked->out;
  for (const auto line : Split(said, '\n')) {
    if (!line.empty() && !allowed.contains(line.substr(0, line.find(' '))))
      objections.emplace_back(line);
  }
  if (objections.empty() && !checked->status.ok() && checked->status.code != 3)
    objections.push_back(StrCat("promtool exited with ", checked->status.ShellCode()));
  return objections;
}

TEST_F(Agent, EveryNamePassesPromtoolButForTheAllowList) {
  if (!RunCommand({.argv = {"promtool", "--version"}}, "",
                  Deadline::After(std::chrono::seconds(30))))
    GTEST_SKIP() << "promtool is not installed";
  FakeNode node;
  node.WriteV2();
  Sampler sampler([&] { return node.Targets(); }, StatsGroupsFor(kAllSeries));
  agent_.Operation("create_container", milliseconds(3), false);
  agent_.StartPhase("mounts", milliseconds(1));
  agent_.ApiRequest("GET", "pods", 200, milliseconds(2));
  agent_.Scraped("cgroup", milliseconds(5));
  agent_.ScrapeErrors("cgroup", 2);

  EXPECT_THAT(Objections(agent_.Text()), IsEmpty());
  EXPECT_THAT(Objections(CadvisorText(sampler, kAllSeries)), IsEmpty());
  EXPECT_THAT(Objections(ResourceText(sampler)), IsEmpty());
  EXPECT_THAT(Objections("# TYPE wrong counter\nwrong 1\n"), Not(IsEmpty())) << "it does look";
}

TEST(MetricAllowList, HasNothingOfOurOwn) {
  const auto list = ReadFile(StrCat(CAISSON_TEST_DATA, "/metric_allow_list.txt"));
  ASSERT_TRUE(list);
  for (const auto line : Split(*list, '\n')) EXPECT_NE(line.substr(0, 8), "caisson_") << line;
}

}  // namespace
}  // namespace caisson::metrics
