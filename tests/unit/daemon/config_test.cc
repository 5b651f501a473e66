// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/config.h"

#include <gmock/gmock.h>

#include "tests/support/temp_dir.h"

namespace caisson::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(ReadInvocation, DefaultsNeedNothing) {
  const auto got = ReadInvocation({}, {});

  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->action, Action::kRun);
  EXPECT_EQ(got->config.data_dir, "/var/lib/caisson");
  EXPECT_EQ(got->config.SocketPath(), "/run/caisson/caissond.sock");
  EXPECT_THAT(got->config.listen, ElementsAre("127.0.0.1:10280"));
}

TEST(ReadInvocation, FlagsWinOverEnvironmentOverFile) {
  const test::TempDir dir;
  dir.Write("c.yaml", "bridge: file0\npodCidr: 10.1.0.0/16\nlisten: [127.0.0.1:1, 127.0.0.1:2]\n");

  const auto got = ReadInvocation({"--config", dir / "c.yaml", "--bridge=flag0"},
                                  {{"CAISSON_BRIDGE", "env0"}, {"CAISSON_NODE_NAME", "env"}});

  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->config.bridge, "flag0");
  EXPECT_EQ(got->config.node_name, "env");
  EXPECT_EQ(got->config.pod_cidr, "10.1.0.0/16");
  EXPECT_THAT(got->config.listen, ElementsAre("127.0.0.1:1", "127.0.0.1:2"));
}

TEST(ReadInvocation, ListComesFromSeveralFlags) {
  const auto got = ReadInvocation({"--listen", "127.0.0.1:1,127.0.0.1:2", "--listen=[::1]:3"}, {});

  ASSERT_TRUE(got) << got.error().message();
  EXPECT_THAT(got->config.listen, ElementsAre("127.0.0.1:1", "127.0.0.1:2", "[::1]:3"));
}

TEST(ReadInvocation, WhatIsWrongIsNamed) {
  const test::TempDir dir;
  dir.Write("unknown.yaml", "bridge: a\nbrigde: b\n");
  dir.Write("type.yaml", "mtu: [1]\n");
  dir.Write("broken.yaml", "a: [\n");
  struct Case {
    std::vector<std::string> arguments;
    std::string sentence;
  };
  const Case cases[] = {
      {{"--nonsense", "1"}, "unknown flag --nonsense"},
      {{"word"}, "unexpected argument \"word\""},
      {{"--mtu"}, "--mtu: a value is missing"},
      {{"--mtu", "big"}, "--mtu: expected a whole number, not \"big\""},
      {{"--log-level", "loud"}, "--log-level: expected debug, info, warning or error"},
      {{"--config", dir / "unknown.yaml"}, "line 2: brigde: unknown setting"},
      {{"--config", dir / "type.yaml"}, "line 1: mtu: expected one value"},
      {{"--config", dir / "broken.yaml"}, "broken.yaml\": yaml-cpp: error"},
      {{"--config", dir / "none.yaml"}, "configuration: open \""},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.sentence);
    const auto got = ReadInvocation(c.arguments, {});
    ASSERT_FALSE(got);
    EXPECT_THAT(got.error().message(), HasSubstr(c.sentence));
  }
}

TEST(ReadInvocation, MetricsAreGroupsByName) {
  EXPECT_EQ(ReadInvocation({"--metrics", "cpu,detail"}, {})->config.metrics,
            (std::vector<std::string>{"cpu", "detail"}));
  const auto wrong = ReadInvocation({"--metrics", "cpu,gpu"}, {});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().message(),
            "--metrics: expected cpu, memory, disk, process, spec, pressure or detail, not "
            "\"gpu\"");
}

TEST(ReadInvocation, WrongVariableIsNamed) {
  const auto got = ReadInvocation({}, {{"CAISSON_MTU", "big"}});

  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message(), "CAISSON_MTU: expected a whole number, not \"big\"");
}

TEST(ToYaml, GivesTheConfigurationAgain) {
  const test::TempDir dir;
  Config config;
  config.bridge = "br\"x";
  config.masquerade = false;
  config.cluster_dns = {"10.0.0.10"};
  config.log_format = LogFormat::kJson;
  dir.Write("c.yaml", ToYaml(config));

  const auto got = ReadInvocation({"--config", dir / "c.yaml"}, {});

  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(ToYaml(got->config), ToYaml(config));
}

TEST(HelpText, NamesEverySettingWithItsDefault) {
  EXPECT_THAT(HelpText(),
              HasSubstr("--pod-cidr CIDR\n        network of the pods (10.245.0.0/16)"));
}

}  // namespace
}  // namespace caisson::daemon
