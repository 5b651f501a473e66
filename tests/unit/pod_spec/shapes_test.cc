// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "agent/pod_spec/patch.h"
#include "agent/pod_spec/pod_status.h"
#include "agent/pod_spec/selector.h"
#include "agent/pod_spec/status_text.h"
#include "agent/pod_spec/table.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;
using std::chrono::seconds;
using testing::HasSubstr;

TEST(LabelSelector, EveryOperatorDecides) {
  const json object = json::parse(R"({"metadata":{"labels":{"a":"1","b":"2"}}})");
  for (const auto& [text, matches] :
       std::vector<std::pair<std::string, bool>>{{"", true},
                                                 {"a=1", true},
                                                 {"a==1", true},
                                                 {"a=2", false},
                                                 {"a!=2", true},
                                                 {"c!=2", true},
                                                 {"a in (1, 3)", true},
                                                 {"a in (3)", false},
                                                 {"a notin (3)", true},
                                                 {"c notin (3)", true},
                                                 {"a", true},
                                                 {"!a", false},
                                                 {"!c", true},
                                                 {"a=1,b=2", true},
                                                 {"a=1,b=3", false},
                                                 {"a in (1,2),b", true}}) {
    SCOPED_TRACE(text);
    const auto selector = LabelSelector::Parse(text);
    ASSERT_TRUE(selector) << selector.error().message();
    EXPECT_EQ(selector->Matches(object), matches);
  }
}

TEST(LabelSelector, MalformedRequirementsAreNamed) {
  for (const char* text : {"a in 1", "=x", "a=b c", ",", "a>1", "!a=b", "a in (1", "-a=b"}) {
    SCOPED_TRACE(text);
    const auto selector = LabelSelector::Parse(text);
    ASSERT_FALSE(selector);
    EXPECT_THAT(selector.error().message(), HasSubstr("unable to parse requirement"));
  }
}

TEST(FieldSelector, FieldsOfAPodDecideAndUnknownOnesAreRefused) {
  const json pod = json::parse(R"({"metadata":{"name":"x"},"status":{"phase":"Running"}})");
  EXPECT_TRUE(FieldSelector::Parse("metadata.name=x,status.phase!=Failed", "Pod")->Matches(pod));
  EXPECT_TRUE(FieldSelector::Parse("spec.hostNetwork=false", "Pod")->Matches(pod));
  EXPECT_FALSE(FieldSelector::Parse("status.phase==Pending", "Pod")->Matches(pod));
  const auto unknown = FieldSelector::Parse("spec.foo=1", "Pod");
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().message(), "field label not supported: spec.foo");
}

TEST(HumanDuration, ReadsAsKubectlShowsIt) {
  for (const auto& [value, text] :
       std::vector<std::pair<std::int64_t, std::string>>{{-5, "<invalid>"},
                                                         {0, "0s"},
                                                         {119, "119s"},
                                                         {120, "2m"},
                                                         {125, "2m5s"},
                                                         {3599, "59m"},
                                                         {10799, "179m"},
                                                         {10800, "3h"},
                                                         {11000, "3h3m"},
                                                         {100000, "27h"},
                                                         {200000, "2d7h"},
                                                         {86400 * 30, "30d"},
                                                         {86400 * 800, "2y70d"}}) {
    EXPECT_EQ(HumanDuration(seconds(value)), text) << value;
  }
}

json PodWith(const char* spec, const char* status) {
  return {{"metadata", {{"name", "p"}, {"creationTimestamp", "2026-01-01T00:00:00Z"}}},
          {"spec", json::parse(spec)},
          {"status", json::parse(status)}};
}

TEST(Summarize, StatusTextFollowsKubectl) {
  const Time now = *ParseTime("2026-01-01T00:01:00Z");
  const char* one = R"({"containers":[{"name":"a"}]})";
  struct Case {
    json pod;
    const char* status;
    const char* restarts;
    int ready;
  };
  json terminating = PodWith(one, R"({"phase":"Running"})");
  terminating["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:30Z";
  for (
      const Case& c : std::vector<Case>{
          {PodWith(one, R"({"phase":"Pending"})"), "Pending", "0", 0},
          {PodWith(
               one,
               R"({"phase":"Running","containerStatuses":[{"name":"a","ready":true,"restartCount":3,
              "state":{"running":{"startedAt":"2026-01-01T00:00:50Z"}},
              "lastState":{"terminated":{"exitCode":1,"finishedAt":"2026-01-01T00:00:50Z"}}}]})"),
           "Running", "3 (10s ago)", 1},
          {PodWith(one, R"({"phase":"Running","containerStatuses":[{"name":"a","restartCount":1,
              "state":{"waiting":{"reason":"CrashLoopBackOff"}}}]})"),
           "CrashLoopBackOff", "1", 0},
          {PodWith(
               one,
               R"({"phase":"Failed","containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":137,"reason":"OOMKilled"}}}]})"),
           "OOMKilled", "0", 0},
          {PodWith(
               one,
               R"({"phase":"Failed","containerStatuses":[{"name":"a","state":{"terminated":{"exitCode":3}}}]})"),
           "ExitCode:3", "0", 0},
          {PodWith(
               R"({"initContainers":[{"name":"i"}],"containers":[{"name":"a"}]})",
               R"({"phase":"Pending","initContainerStatuses":[{"name":"i","state":{"running":{}}}]})"),
           "Init:0/1", "0", 0},
          {terminating, "Terminating", "0", 0}}) {
    const PodSummary summary = Summarize(c.pod, now);
    SCOPED_TRACE(c.status);
    EXPECT_EQ(summary.status, c.status);
    EXPECT_EQ(summary.restarts, c.restarts);
    EXPECT_EQ(summary.ready, c.ready);
  }
}

TEST(MakeTable, APodsRowHasKubectlsColumns) {
  const auto pod =
      std::make_shared<const json>(PodWith(R"({"containers":[{"name":"a"}],"nodeName":"n1"})",
                                           R"({"phase":"Running","podIP":"10.0.0.2"})"));

  const json table = MakeTable(
      {"Pod", "7", IncludeObject::kMetadata, true, *ParseTime("2026-01-01T00:01:00Z")}, {pod});

  EXPECT_EQ(table["kind"], "Table");
  EXPECT_EQ(table["columnDefinitions"].size(), 9U);
  EXPECT_EQ(table["rows"][0]["cells"],
            json::parse(R"(["p","0/1","Running","0","60s","10.0.0.2","n1","<none>","<none>"])"));
  EXPECT_EQ(table["rows"][0]["object"]["metadata"]["name"], "p");
}

TEST(PodStatus, EncodingAndDecodingAgree) {
  PodStatus status;
  status.phase = PodPhase::kRunning;
  status.pod_ips = {"10.0.0.2"};
  status.conditions = {{"Ready", "True", ParseTime("2026-01-01T00:00:00Z"), "", ""}};
  ContainerStatus container;
  container.name = "a";
  container.state = StateRunning{*ParseTime("2026-01-01T00:00:00Z")};
  container.last_state = StateTerminated{137, 9, "OOMKilled", "", {}, {}, "caisson://x"};
  status.container_statuses = {container};
  status.qos_class = QosClass::kBurstable;

  const json encoded = EncodePodStatus(status);
  const json again = EncodePodStatus(DecodePodStatus(encoded));

  EXPECT_EQ(encoded["podIP"], "10.0.0.2");
  EXPECT_EQ(encoded["containerStatuses"][0]["lastState"]["terminated"]["exitCode"], 137);
  EXPECT_EQ(encoded, again);
}

TEST(ApplyStrategicPatch, ListsMergeByKeyAndDirectivesAreFollowed) {
  const json pod = json::parse(R"({"metadata":{"labels":{"a":"1"}},"spec":{"containers":[
      {"name":"a","image":"x","env":[{"name":"E","value":"1"}]},{"name":"b","image":"y"}],"tolerations":[{"key":"t"}]}})");
  const json patch = json::parse(R"({"metadata":{"labels":{"a":null,"c":"3"}},"spec":{
      "$setElementOrder/containers":[{"name":"b"},{"name":"a"}],
      "containers":[{"name":"a","image":"z","env":[{"name":"F","value":"2"}]},{"$patch":"delete","name":"gone"}]}})");

  const auto patched = ApplyStrategicPatch(pod, patch, "Pod");

  ASSERT_TRUE(patched) << patched.error().message();
  EXPECT_EQ((*patched)["metadata"]["labels"], json::parse(R"({"c":"3"})"));
  EXPECT_EQ((*patched)["spec"]["containers"], json::parse(R"([{"name":"b","image":"y"},
      {"name":"a","image":"z","env":[{"name":"E","value":"1"},{"name":"F","value":"2"}]}])"));
}

TEST(ApplyStrategicPatch, AnItemWithoutItsMergeKeyIsRefused) {
  const auto patched =
      ApplyStrategicPatch(json::parse(R"({"spec":{"containers":[]}})"),
                          json::parse(R"({"spec":{"containers":[{"image":"z"}]}})"), "Pod");
  ASSERT_FALSE(patched);
  EXPECT_THAT(patched.error().message(), HasSubstr("must have the merge key \"name\""));
}

TEST(ApplyJsonPatch, AFailedOperationIsNumbered) {
  const auto patched = ApplyJsonPatch(
      json::parse(R"({"a":1})"),
      json::parse(R"([{"op":"add","path":"/b","value":2},{"op":"remove","path":"/x"}])"));
  ASSERT_FALSE(patched);
  EXPECT_THAT(patched.error().message(), HasSubstr("JSON patch, operation 1:"));
}

TEST(ApplyJsonPatch, CopiesThatDoubleTheObjectAreStopped) {
  json patch = json::array();
  for (int i = 0; i < 40; ++i) patch.push_back({{"op", "copy"}, {"from", "/a"}, {"path", "/a/-"}});
  const auto patched = ApplyJsonPatch(json::parse(R"({"a":["xxxxxxxxxxxxxxxxxxxxxxxx"]})"), patch);
  ASSERT_FALSE(patched);
  EXPECT_EQ(patched.error().message(), "the patched object is too large");
}

}  // namespace
}  // namespace caisson::pod_spec
