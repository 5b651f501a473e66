// SPDX-License-Identifier: Apache-2.0
#include "agent/bundle/environment.h"

#include "tests/unit/bundle/bundle_fixture.h"

namespace caisson::bundle {
namespace {

using ::testing::Contains;
using ::testing::Not;
using ::testing::StartsWith;

using MakeEnvironmentTest = BundleTest;

TEST(Expand, ReplacesWhatIsThereAndLeavesTheRest) {
  const std::map<std::string, std::string> values = {{"A", "1"}, {"EMPTY", ""}};
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"plain", "plain"},     {"$(A)", "1"},     {"x$(A)y", "x1y"},  {"$(EMPTY)", ""},
      {"$(NONE)", "$(NONE)"}, {"$$(A)", "$(A)"}, {"$$", "$"},        {"$A", "$A"},
      {"$(A", "$(A"},         {"$", "$"},        {"$(A)$(A)", "11"}, {"$$$(A)", "$1"},
  };
  for (const auto& [text, expanded] : cases) EXPECT_EQ(Expand(text, values), expanded) << text;
}

TEST_F(MakeEnvironmentTest, LaterSourcesWinAndMayReferToEarlierOnes) {
  image_.env = {"PATH=/image", "A=image"};
  container_.env_from = {{.prefix = "CM_", .name = "cm"}};
  container_.env = {{.name = "A", .value = "own"}, {.name = "B", .value = "$(A) $(CM_key)"}};

  const auto env = Made().config.process->env;

  EXPECT_THAT(env, Contains("PATH=/image"));
  EXPECT_THAT(env, Contains("HOSTNAME=web"));
  EXPECT_THAT(env, Contains("A=own"));
  EXPECT_THAT(env, Not(Contains("A=image")));
  EXPECT_THAT(env, Contains("B=own value"));
}

TEST_F(MakeEnvironmentTest, PathIsThereEvenWhenTheImageHasNone) {
  EXPECT_THAT(Made().config.process->env, Contains(StartsWith("PATH=/usr/local/sbin:")));
}

TEST_F(MakeEnvironmentTest, FieldsOfThePodAreKnown) {
  const std::pair<std::string, std::string> cases[] = {
      {"metadata.name", "web"},          {"metadata.namespace", "default"},
      {"metadata.uid", "u-1"},           {"metadata.labels['app']", "shop"},
      {"metadata.annotations['x']", ""}, {"status.podIP", "10.1.0.2"},
      {"status.hostIP", "192.168.0.1"}};
  for (const auto& [path, value] : cases) {
    const auto got = FieldValue(Request(), path);
    ASSERT_TRUE(got) << path;
    EXPECT_EQ(*got, value) << path;
  }
}

TEST_F(MakeEnvironmentTest, UnknownFieldIsNamed) {
  const auto got = FieldValue(Request(), "spec.containers");

  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().message(), "unsupported fieldPath: spec.containers");
}

TEST_F(MakeEnvironmentTest, ResourcesAreDividedAndRoundedUp) {
  container_.resources.limits = {{"cpu", Amount("1500m")}, {"memory", Amount("100Mi")}};
  const auto value = [&](std::string resource, std::string_view divisor = "") {
    pod_spec::ResourceFieldSelector selector{.resource = std::move(resource)};
    if (!divisor.empty()) selector.divisor = Amount(divisor);
    const auto got = ResourceValue(Request(), selector);
    return got ? *got : got.error().message();
  };

  EXPECT_EQ(value("limits.cpu"), "2");
  EXPECT_EQ(value("limits.cpu", "1m"), "1500");
  EXPECT_EQ(value("limits.memory", "1Mi"), "100");
  EXPECT_EQ(value("requests.memory"), "0");
  container_.resources.limits.clear();
  EXPECT_EQ(value("limits.cpu"), "4");
  EXPECT_EQ(value("limits.memory"), "1000000");
  EXPECT_EQ(value("cpu"), "unsupported container resource: cpu");
}

TEST_F(MakeEnvironmentTest, MissingConfigMapAndKeyAreNamedUnlessOptional) {
  container_.env_from = {{.name = "none"}};
  EXPECT_EQ(Refused(), "configmap \"none\" not found");
  container_.env_from = {{.name = "none", .optional = true}};
  EXPECT_TRUE(MakeBundle(Request()));

  container_.env.resize(1);
  container_.env[0].name = "A";
  auto& source = container_.env[0].value_from.emplace();
  source.config_map_key_ref = {.name = "cm", .key = "nokey"};
  EXPECT_EQ(Refused(), "couldn't find key nokey in ConfigMap default/cm");
  source.config_map_key_ref->optional = true;
  EXPECT_TRUE(MakeBundle(Request()));
}

}  // namespace
}  // namespace caisson::bundle
