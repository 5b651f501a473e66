// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "runtime/spec/example.h"
#include "runtime/spec/features.h"

namespace caisson::spec {
namespace {

using nlohmann::json;
using testing::ElementsAre;

TEST(Example, HasRuncsNamespacesMountsAndMasks) {
  const json document = json::parse(ToJson(Example(false), "\t"));

  EXPECT_EQ(document["process"]["args"], json({"sh"}));
  EXPECT_EQ(document["process"]["capabilities"].size(), 3u);
  EXPECT_EQ(document["linux"]["namespaces"].size(), 5u);
  EXPECT_EQ(document["linux"]["maskedPaths"].size(), 11u);
  EXPECT_EQ(document["linux"]["readonlyPaths"].size(), 5u);
  EXPECT_EQ(document["mounts"].size(), 7u);
  EXPECT_EQ(document["mounts"][2]["options"],
            json({"nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"}));
  EXPECT_EQ(Example(true).linux.namespaces.size(), 6u);
}

TEST(MakeRootless, MapsTheUserAndDropsWhatNeedsPrivileges) {
  Config config = Example(true);

  MakeRootless(config, 1000, 100);

  EXPECT_EQ(config.linux.FindNamespace(NamespaceType::kNetwork), nullptr);
  EXPECT_NE(config.linux.FindNamespace(NamespaceType::kUser), nullptr);
  EXPECT_THAT(config.linux.uid_mappings, ElementsAre(IdMapping{0, 1000, 1}));
  EXPECT_THAT(config.linux.gid_mappings, ElementsAre(IdMapping{0, 100, 1}));
  EXPECT_TRUE(config.linux.resources.devices.empty());
  EXPECT_THAT(config.mounts[2].options,
              ElementsAre("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"));
  EXPECT_EQ(config.mounts[5].type, "none");
  EXPECT_THAT(config.mounts[5].options, ElementsAre("rbind", "nosuid", "noexec", "nodev", "ro"));
}

TEST(FeaturesJson, SaysFalseWhereAFeatureIsMissing) {
  FeatureTables tables;
  tables.mount_options = {"bind", "ro"};
  tables.capabilities = {"CAP_KILL"};
  tables.seccomp_actions = {"SCMP_ACT_ALLOW"};
  tables.idmapped_mounts = true;
  tables.unsafe_annotations = {"org.systemd.property."};
  tables.annotations = {{"org.caisson.version", "1"}};

  const json document = json::parse(FeaturesJson(tables));

  EXPECT_EQ(document["ociVersionMin"], "1.0.0");
  EXPECT_EQ(document["ociVersionMax"], "1.3.0");
  EXPECT_EQ(document["mountOptions"], json({"bind", "ro"}));
  EXPECT_EQ(document["linux"]["namespaces"],
            json({"cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"}));
  EXPECT_EQ(document["linux"]["selinux"], json({{"enabled", false}}));
  EXPECT_EQ(document["linux"]["seccomp"]["enabled"], true);
  EXPECT_EQ(document["linux"]["cgroup"]["systemd"], false);
  EXPECT_EQ(document["linux"]["mountExtensions"]["idmap"]["enabled"], true);
  EXPECT_EQ(document["potentiallyUnsafeConfigAnnotations"], json({"org.systemd.property."}));
}

}  // namespace
}  // namespace caisson::spec
