// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include "tests/integration/api/fixture.h"

namespace caisson::api {
namespace {

using nlohmann::json;
using testing::HasSubstr;

constexpr const char* kPods = "/api/v1/namespaces/default/pods";

class Rest : public ApiTest {
 protected:
  // Lines of a watch, which the server ends after a second.
  std::vector<json> Watch(const std::string& query) const {
    const HttpAnswer answer = Call("GET", StrCat(kPods, "?watch=true&timeoutSeconds=1", query));
    std::vector<json> events;
    for (const auto line : Split(answer.body, '\n')) {
      if (!line.empty()) events.push_back(json::parse(line));
    }
    return events;
  }
};

TEST_F(Rest, AYamlPodComesBackDefaultedWithItsOwnFields) {
  const HttpAnswer answer =
      Call("POST", kPods,
           "kind: Pod\nmetadata: {name: web, annotations: {note: '1'}}\nspec:\n  containers:\n"
           "  - {name: a, image: 'busybox:1', args: [x]}\n",
           "application/yaml");

  ASSERT_EQ(answer.code, 201) << answer.body;
  const json pod = answer.Json();
  EXPECT_EQ(pod["metadata"]["annotations"]["note"], "1");
  EXPECT_EQ(pod["spec"]["containers"][0]["args"], json::array({"x"}));
  EXPECT_EQ(pod["spec"]["restartPolicy"], "Always");
  EXPECT_EQ(pod["status"]["phase"], "Pending");
  EXPECT_EQ(pod["status"]["qosClass"], "BestEffort");
  EXPECT_EQ(Call("GET", StrCat(kPods, "/web")).Json(), pod);
  EXPECT_EQ(Call("GET", StrCat(kPods, "/web/status")).Json(), pod);
  EXPECT_EQ(Call("POST", kPods, PodText("web")).Json()["reason"], "AlreadyExists");
}

TEST_F(Rest, ListsSelectAndWatchesGoOnFromThem) {
  ASSERT_EQ(Call("POST", kPods, PodText("a")).code, 201);
  const json list = Call("GET", "/api/v1/pods?fieldSelector=metadata.name%3Da").Json();
  ASSERT_EQ(list["items"].size(), 1U);
  EXPECT_EQ(Call("GET", StrCat(kPods, "?labelSelector=x")).Json()["items"].size(), 0U);
  ASSERT_EQ(Call("POST", kPods, PodText("b")).code, 201);
  ASSERT_EQ(Call("DELETE", StrCat(kPods, "/a?gracePeriodSeconds=0")).code, 200);

  const auto events =
      Watch("&resourceVersion=" + list["metadata"]["resourceVersion"].get<std::string>());

  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0]["type"], "ADDED");
  EXPECT_EQ(events[0]["object"]["metadata"]["name"], "b");
  EXPECT_EQ(events[1]["type"], "DELETED");
  EXPECT_EQ(events[1]["object"]["metadata"]["name"], "a");
}

TEST_F(Rest, AWatchWithASelectorTellsOfComingAndGoing) {
  ASSERT_EQ(Call("POST", kPods, PodText("a")).code, 201);
  const std::string version = Call("GET", kPods).Json()["metadata"]["resourceVersion"];
  const std::string merge = "application/merge-patch+json";
  ASSERT_EQ(Call("PATCH", StrCat(kPods, "/a"), R"({"metadata":{"labels":{"x":"1"}}})", merge).code,
            200);
  ASSERT_EQ(Call("PATCH", StrCat(kPods, "/a"), R"({"metadata":{"labels":{"y":"1"}}})", merge).code,
            200);
  ASSERT_EQ(Call("PATCH", StrCat(kPods, "/a"), R"({"metadata":{"labels":{"x":null}}})", merge).code,
            200);

  const auto events = Watch("&labelSelector=x&resourceVersion=" + version);

  ASSERT_EQ(events.size(), 3U);
  EXPECT_EQ(events[0]["type"], "ADDED");
  EXPECT_EQ(events[1]["type"], "MODIFIED");
  EXPECT_EQ(events[2]["type"], "DELETED");
}

TEST_F(Rest, PatchesOfEveryKindApplyAndForbiddenChangesAreRefused) {
  ASSERT_EQ(Call("POST", kPods, PodText("a")).code, 201);
  const std::string pod = StrCat(kPods, "/a");

  EXPECT_EQ(Call("PATCH", pod, R"({"spec":{"containers":[{"name":"a","image":"other:2"}]}})",
                 "application/strategic-merge-patch+json")
                .Json()["spec"]["containers"][0]["image"],
            "other:2");
  EXPECT_EQ(Call("PATCH", pod, R"([{"op":"add","path":"/metadata/labels","value":{"j":"1"}}])",
                 "application/json-patch+json")
                .Json()["metadata"]["labels"]["j"],
            "1");
  const HttpAnswer refused =
      Call("PATCH", pod, R"({"spec":{"hostNetwork":true}})", "application/merge-patch+json");
  EXPECT_EQ(refused.code, 422);
  EXPECT_THAT(refused.Json()["message"].get<std::string>(),
              HasSubstr("spec: Forbidden: pod updates may not change fields"));
  EXPECT_EQ(
      Call("PATCH", pod, R"({"metadata":{"resourceVersion":"1"}})", "application/merge-patch+json")
          .Json()["reason"],
      "Conflict");
}

TEST_F(Rest, DeletingMarksThePodAndGraceZeroRemovesIt) {
  ASSERT_EQ(Call("POST", kPods, PodText("a")).code, 201);

  const json marked =
      Call("DELETE", StrCat(kPods, "/a"), R"({"propagationPolicy":"Background"})").Json();
  EXPECT_EQ(marked["metadata"]["deletionGracePeriodSeconds"], 30);
  EXPECT_EQ(CountPods(), 1U);
  EXPECT_EQ(Call("DELETE", StrCat(kPods, "/a"),
                 R"({"kind":"DeleteOptions","apiVersion":"v1","gracePeriodSeconds":0})")
                .code,
            200);
  EXPECT_EQ(Call("GET", StrCat(kPods, "/a")).code, 404);
}

TEST_F(Rest, ACollectionIsDeletedAsFarAsTheSelectorsMatch) {
  for (const char* name : {"a", "b", "c"}) ASSERT_EQ(Call("POST", kPods, PodText(name)).code, 201);

  const json tried =
      Call("DELETE", StrCat(kPods, "?dryRun=All&fieldSelector=metadata.name!%3Db")).Json();
  const json deleted =
      Call("DELETE", StrCat(kPods, "?gracePeriodSeconds=0&fieldSelector=metadata.name!%3Db"))
          .Json();

  EXPECT_EQ(tried["items"].size(), 2U);
  EXPECT_EQ(deleted["kind"], "PodList");
  EXPECT_EQ(deleted["items"].size(), 2U);
  const json left = Call("GET", kPods).Json()["items"];
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0]["metadata"]["name"], "b");
  EXPECT_EQ(Call("DELETE", "/api/v1/namespaces").code, 405);
}

TEST_F(Rest, ConfigMapsAndSecretsAreKept) {
  const std::string ns = "/api/v1/namespaces/default/";
  EXPECT_EQ(Call("POST", ns + "configmaps", R"({"metadata":{"name":"c"},"data":{"k":"v"}})").code,
            201);
  const json secret =
      Call("POST", ns + "secrets", R"({"metadata":{"name":"s"},"stringData":{"k":"value"}})")
          .Json();
  EXPECT_EQ(secret["data"]["k"], "dmFsdWU=");
  EXPECT_EQ(Call("PUT", ns + "configmaps/c", R"({"metadata":{"name":"c"},"data":{"k":"w"}})")
                .Json()["data"]["k"],
            "w");
  EXPECT_EQ(Call("GET", ns + "configmaps").Json()["items"].size(), 1U);
  EXPECT_EQ(Call("DELETE", ns + "configmaps/c").code, 200);
  const HttpAnswer bad =
      Call("POST", ns + "configmaps", R"({"metadata":{"name":"d"},"data":{"../k":"v"}})");
  EXPECT_THAT(bad.Json()["message"].get<std::string>(),
              HasSubstr("data[../k]: Invalid value: \"../k\": a valid config key"));
}

TEST_F(Rest, LogsAreReadInEveryWay) {
  const json pod = Call("POST", kPods, PodText("a")).Json();
  const std::string folder =
      StrCat("logs/default_a_", pod["metadata"]["uid"].get<std::string>(), "/a/");
  EXPECT_THAT(Call("GET", StrCat(kPods, "/a/log")).body,
              HasSubstr("is waiting to start: ContainerCreating"));
  dir_.Write(folder + "0.log", "2026-01-01T00:00:00.000000001Z stdout F old\n");
  dir_.Write(folder + "1.log",
             "2026-01-01T00:00:01.5Z stdout F one\n2026-01-01T00:00:02.5Z stderr P two\n"
             "2026-01-01T00:00:02.6Z stderr F -more\n2026-01-01T00:00:03.5Z stdout F three\n");
  const auto log = [this](const std::string& query) {
    return Call("GET", StrCat(kPods, "/a/log", query)).body;
  };

  EXPECT_EQ(log(""), "one\ntwo-more\nthree\n");
  EXPECT_EQ(log("?tailLines=1"), "three\n");
  EXPECT_EQ(log("?tailLines=0"), "");
  EXPECT_EQ(log("?previous=true"), "old\n");
  EXPECT_EQ(log("?limitBytes=5"), "one\nt");
  EXPECT_EQ(log("?sinceTime=2026-01-01T00:00:03Z"), "three\n");
  EXPECT_EQ(log("?timestamps=true&tailLines=1"), "2026-01-01T00:00:03.5Z three\n");
  EXPECT_THAT(log("?container=zz"), HasSubstr("container zz is not valid for pod a"));
  EXPECT_THAT(log("?tailLines=-1"), HasSubstr("tailLines: Invalid value: \\\"-1\\\""));
}

TEST_F(Rest, AFollowedLogEndsWhenItsContainerDoesWithAllOfItsLines) {
  const json pod = Call("POST", kPods, PodText("a")).Json();
  const std::string uid = pod["metadata"]["uid"];
  const std::string file = StrCat("logs/default_a_", uid, "/a/0.log");
  dir_.Write(file, "2026-01-01T00:00:01Z stdout F first\n");
  HttpAnswer answer;
  std::thread client([&] { answer = Call("GET", StrCat(kPods, "/a/log?follow=true")); });

  const UniqueFd log(::open((dir_ / file).c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  const std::string more = "2026-01-01T00:00:02Z stdout F last words\n";
  ASSERT_EQ(::write(log.get(), more.data(), more.size()), static_cast<ssize_t>(more.size()));
  pod_spec::PodStatus status;
  pod_spec::ContainerStatus ended;
  ended.name = "a";
  ended.state = pod_spec::StateTerminated{};
  status.container_statuses = {ended};
  ASSERT_TRUE(store_->UpdateStatus("default", "a", uid, status));
  client.join();

  EXPECT_EQ(answer.body, "first\nlast words\n");
}

TEST_F(Rest, TheSocketIsForTheOwnerOnlyAndStopEndsWatches) {
  struct stat state {};
  ASSERT_EQ(::stat((dir_ / "api.sock").c_str(), &state), 0);
  EXPECT_EQ(state.st_mode & 0777U, 0600U);
  ASSERT_EQ(Call("POST", kPods, PodText("a")).code, 201);
  const UniqueFd client = OpenStream(StrCat(kPods, "?watch=true"));

  server_->Stop();

  EXPECT_TRUE(ClosesSoon(client));
  EXPECT_NE(::access((dir_ / "api.sock").c_str(), F_OK), 0);
}

TEST_F(Rest, MetricsComeFromTheirSource) {
  EXPECT_EQ(Call("GET", "/metrics/cadvisor").body, "# path /metrics/cadvisor\n");
  EXPECT_EQ(Call("GET", "/caisson/v1/images").code, 501);
  EXPECT_EQ(Call("GET", "/api/v1/nodes/node-1").Json()["status"]["nodeInfo"]["operatingSystem"],
            "linux");
}

}  // namespace
}  // namespace caisson::api
