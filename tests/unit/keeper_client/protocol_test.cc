// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper_client/protocol.h"

#include <gmock/gmock.h>

#include "agent/keeper_client/keeper_config.h"

namespace caisson::keeper_client {
namespace {

using ::testing::HasSubstr;

ExitRecord SomeExit() {
  return {.container_id = "c1",
          .name = "web",
          .attempt = 3,
          .code = 0,
          .signal = 9,
          .oom_killed = true,
          .started_at_ns = 1'700'000'000'000'000'001,
          .finished_at_ns = 1'700'000'000'000'000'002};
}

TEST(Request, ComesBackAsItWasSent) {
  const CreateRequest sent{.container_id = "c1",
                           .name = "web",
                           .attempt = 2,
                           .bundle_dir = "/run/b",
                           .log_path = "/var/log/0.log",
                           .mount_indexes = {3, 7},
                           .start = true};

  const auto got = DecodeRequest(Encode(Request{.seq = 5, .body = sent}));

  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->seq, 5U);
  const auto& body = std::get<CreateRequest>(got->body);
  EXPECT_EQ(body.container_id, "c1");
  EXPECT_EQ(body.attempt, 2U);
  EXPECT_EQ(body.bundle_dir, "/run/b");
  EXPECT_EQ(body.mount_indexes, (std::vector<std::uint32_t>{3, 7}));
  EXPECT_TRUE(body.start);
}

TEST(Request, EveryKindKeepsItsKind) {
  const std::vector<decltype(Request::body)> bodies = {
      HelloRequest{},     CreateRequest{}, StartRequest{"c"}, SignalRequest{"c", 15, true},
      RemoveRequest{"c"}, ListRequest{},   StopPodRequest{}};
  for (const auto& body : bodies) {
    SCOPED_TRACE(body.index());
    const auto got = DecodeRequest(Encode(Request{.seq = 1, .body = body}));
    ASSERT_TRUE(got) << got.error().message();
    EXPECT_EQ(got->body.index(), body.index());
  }
}

TEST(Response, CarriesErrorKeeperAndContainers) {
  Response sent{.seq = 9};
  sent.error = Error(Code::kNotFound, "no such thing", ENOENT).Hint("look elsewhere");
  sent.keeper = KeeperInfo{.host_pid = 42, .pod_uid = "u", .boot_id = "b", .net_inode = 4026531840};
  sent.containers.push_back({.container_id = "c1",
                             .name = "web",
                             .attempt = 3,
                             .state = ContainerState::kExited,
                             .exit = SomeExit()});

  const auto got = DecodeFromKeeper(Encode(sent));

  ASSERT_TRUE(got) << got.error().message();
  const auto& response = std::get<Response>(*got);
  EXPECT_EQ(response.seq, 9U);
  EXPECT_EQ(response.error->code(), Code::kNotFound);
  EXPECT_EQ(response.error->sys_errno(), ENOENT);
  EXPECT_EQ(response.error->ToString(), "no such thing (try: look elsewhere)");
  EXPECT_EQ(response.keeper->net_inode, 4026531840U);
  ASSERT_EQ(response.containers.size(), 1U);
  EXPECT_EQ(response.containers[0].state, ContainerState::kExited);
  EXPECT_EQ(response.containers[0].exit, SomeExit());
}

TEST(ExitedEvent, ComesBackAsItWasSent) {
  const auto got = DecodeFromKeeper(Encode(ExitedEvent{SomeExit()}));

  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(std::get<ExitedEvent>(*got).exit, SomeExit());
}

TEST(ExitRecord, ComesBackFromTheDisk) {
  const auto got = ParseExitRecord(ToJson(SomeExit()));

  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(*got, SomeExit());
}

TEST(DecodeRequest, OtherVersionIsRefusedWithBothVersions) {
  const auto got = DecodeRequest(R"({"v":2,"type":"hello","seq":1})");

  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kUnsupported);
  EXPECT_EQ(got.error().message(), "keeper protocol: version 2, ours is 1");
}

struct BadPacket {
  std::string_view name;
  std::string_view bytes;
  std::string_view sentence;
};

TEST(DecodeRequest, WhatIsWrongIsNamed) {
  const BadPacket cases[] = {
      {"no JSON", "{", "keeper protocol: malformed JSON"},
      {"no object", "[]", "keeper protocol: expected a JSON object"},
      {"no version", R"({"type":"hello"})", "keeper protocol: v: missing"},
      {"unknown type", R"({"v":1,"type":"dance","seq":1})",
       "keeper protocol: unknown request \"dance\""},
      {"no seq", R"({"v":1,"type":"hello"})", "keeper protocol: seq: missing"},
      {"negative seq", R"({"v":1,"type":"hello","seq":-1})",
       "keeper protocol: seq: wrong type or out of range"},
      {"wrong type", R"({"v":1,"type":"start","seq":1,"container":7})",
       "keeper protocol: request \"start\": container: wrong type or out of range"},
      {"signal out of range", R"({"v":1,"type":"signal","seq":1,"container":"c","signal":5e9})",
       "keeper protocol: request \"signal\": signal: wrong type or out of range"},
  };
  for (const BadPacket& bad : cases) {
    SCOPED_TRACE(bad.name);
    const auto got = DecodeRequest(bad.bytes);
    ASSERT_FALSE(got);
    EXPECT_THAT(got.error().message(), HasSubstr(std::string(bad.sentence)));
  }
}

TEST(KeeperConfig, ComesBackAsItWasWritten) {
  KeeperConfig sent;
  sent.pod_uid = "u";
  sent.run_dir = "/run/u";
  sent.data_dir = "/data/u";
  sent.state_root = "/run/u/state";
  sent.cgroup_root = "/sys/fs/cgroup";
  sent.pod_cgroup = "/caisson/podu";
  sent.hostname = "web";
  sent.share_process_namespace = true;
  sent.sysctls = {{"net.core.somaxconn", "1024"}};
  sent.log_rotation = {.max_bytes = 100, .max_files = 2};

  const auto got = ParseKeeperConfig(ToJson(sent));

  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->pod_cgroup, "/caisson/podu");
  EXPECT_TRUE(got->share_process_namespace);
  EXPECT_EQ(got->sysctls, sent.sysctls);
  EXPECT_EQ(got->log_rotation.max_files, 2U);
}

TEST(KeeperConfig, MissingMemberIsNamed) {
  const auto got = ParseKeeperConfig(R"({"pod_uid":"u"})");

  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kInvalidSpec);
  EXPECT_EQ(got.error().message(), "keeper configuration: run_dir: missing");
}

}  // namespace
}  // namespace caisson::keeper_client
