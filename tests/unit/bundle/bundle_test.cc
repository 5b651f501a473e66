// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/bundle/bundle_fixture.h"

namespace caisson::bundle {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using MakeBundleTest = BundleTest;

const spec::Mount* FindMount(const Bundle& bundle, std::string_view destination) {
  for (const spec::Mount& mount : bundle.config.mounts) {
    if (mount.destination == destination) return &mount;
  }
  return nullptr;
}

TEST_F(MakeBundleTest, CommandReplacesEntrypointAndArgsReplaceCmd) {
  struct Case {
    std::vector<std::string> command;
    std::vector<std::string> args;
    std::vector<std::string> words;
  };
  const Case cases[] = {{{}, {}, {"/entry", "image-arg"}},
                        {{}, {"a"}, {"/entry", "a"}},
                        {{"c"}, {}, {"c"}},
                        {{"c"}, {"a"}, {"c", "a"}}};
  for (const Case& c : cases) {
    SCOPED_TRACE(Join(c.words, " "));
    container_.command = c.command;
    container_.args = c.args;
    EXPECT_EQ(Made().config.process->args, c.words);
  }
}

TEST_F(MakeBundleTest, NoCommandAnywhereIsAnError) {
  image_ = {};

  EXPECT_EQ(Refused(), "no command specified");
}

TEST_F(MakeBundleTest, PodNamespacesAreLeftToTheKeeper) {
  const Bundle bundle = Made();

  const spec::Linux& linux = bundle.config.linux;
  EXPECT_NE(linux.FindNamespace(spec::NamespaceType::kPid), nullptr);
  EXPECT_NE(linux.FindNamespace(spec::NamespaceType::kMount), nullptr);
  for (const auto type : {spec::NamespaceType::kNetwork, spec::NamespaceType::kIpc,
                          spec::NamespaceType::kUts, spec::NamespaceType::kUser})
    EXPECT_EQ(linux.FindNamespace(type), nullptr);
  EXPECT_EQ(linux.cgroups_path, "/caisson/podu-1/id1");
}

TEST_F(MakeBundleTest, SharedProcessesNeedNoPidNamespace) {
  facts_.shared_processes = true;

  EXPECT_EQ(Made().config.linux.FindNamespace(spec::NamespaceType::kPid), nullptr);
}

TEST_F(MakeBundleTest, ResultIsAValidConfigurationThatReadsBack) {
  const Bundle bundle = Made();

  const Status valid = spec::Validate(bundle.config);
  ASSERT_TRUE(valid) << valid.error().ToString();
  const auto again = spec::ParseConfig(spec::ToJson(bundle.config));
  ASSERT_TRUE(again) << again.error().ToString();
  EXPECT_EQ(spec::ToJson(*again), spec::ToJson(bundle.config));
}

TEST_F(MakeBundleTest, PrivilegedSeesAndMayEverything) {
  container_.security_context.privileged = true;

  const Bundle bundle = Made();

  EXPECT_THAT(bundle.config.linux.masked_paths, IsEmpty());
  EXPECT_THAT(bundle.config.linux.readonly_paths, IsEmpty());
  EXPECT_TRUE(bundle.config.linux.resources.devices.back().allow);
  EXPECT_THAT(FindMount(bundle, "/sys")->options, Contains("rw"));
  EXPECT_EQ(bundle.config.process->capabilities->bounding.size(), 41U);
}

TEST_F(MakeBundleTest, OrdinaryContainerIsCovered) {
  const Bundle bundle = Made();

  EXPECT_THAT(bundle.config.linux.masked_paths, Contains("/proc/kcore"));
  EXPECT_THAT(bundle.config.linux.readonly_paths, Contains("/proc/sys"));
  EXPECT_FALSE(bundle.config.linux.resources.devices.back().allow);
  EXPECT_THAT(FindMount(bundle, "/sys")->options, Contains("ro"));
  EXPECT_FALSE(bundle.config.process->no_new_privileges);
}

TEST_F(MakeBundleTest, NoEscalationMeansNoNewPrivileges) {
  container_.security_context.allow_privilege_escalation = false;

  EXPECT_TRUE(Made().config.process->no_new_privileges);
}

TEST_F(MakeBundleTest, VolumesAreMountedParentsFirstAndHandedOverAsTrees) {
  volumes_ = {{"v", {.path = "/volume/v", .has_tree = true}},
              {"w", {.path = "/volume/w", .has_tree = true, .read_only = true}}};
  container_.volume_mounts = {{.name = "v", .mount_path = "/data/below", .sub_path = "sub"},
                              {.name = "w", .mount_path = "/data"}};

  const Bundle bundle = Made();

  ASSERT_EQ(bundle.trees.size(), 2U);
  EXPECT_EQ(bundle.trees[0].volume, "w");
  EXPECT_EQ(bundle.config.mounts[bundle.trees[0].mount_index].destination, "/data");
  EXPECT_THAT(FindMount(bundle, "/data")->options, Contains("ro"));
  EXPECT_EQ(bundle.trees[1].sub_path, "sub");
  EXPECT_THAT(FindMount(bundle, "/data/below")->options, Contains("rw"));
}

TEST_F(MakeBundleTest, VolumeInPlaceOfAPodFileWins) {
  volumes_ = {{"v", {.path = "/volume/v", .has_tree = true}}};
  container_.volume_mounts = {{.name = "v", .mount_path = "/etc/hosts"}};

  const Bundle bundle = Made();

  EXPECT_EQ(FindMount(bundle, "/etc/hosts")->source, "/volume/v");
  EXPECT_EQ(FindMount(bundle, "/etc/hostname")->source, "/run/hostname");
}

TEST_F(MakeBundleTest, MountOfAnUnknownVolumeIsNamed) {
  container_.volume_mounts = {{.name = "none", .mount_path = "/x"}};

  EXPECT_EQ(Refused(), "volumeMounts \"/x\": no volume \"none\"");
}

TEST_F(MakeBundleTest, WorkingDirectoryIsTheContainersThenTheImages) {
  EXPECT_EQ(Made().config.process->cwd, "/");
  image_.working_dir = "/image";
  EXPECT_EQ(Made().config.process->cwd, "/image");
  container_.working_dir = "/own";
  EXPECT_EQ(Made().config.process->cwd, "/own");
}

TEST_F(MakeBundleTest, UserIsTheImagesUnderTheSecurityContext) {
  user_ = {.uid = 5, .gid = 6, .additional_gids = {7}, .home = "/home/app"};
  pod_.spec.security_context.run_as_group = 8;
  pod_.spec.security_context.supplemental_groups = {9};
  pod_.spec.security_context.fs_group = 10;

  const spec::Process process = *Made().config.process;

  EXPECT_EQ(process.user.uid, 5U);
  EXPECT_EQ(process.user.gid, 8U);
  EXPECT_THAT(process.user.additional_gids, ElementsAre(7, 9, 10));
  EXPECT_THAT(process.env, Contains("HOME=/home/app"));
}

TEST_F(MakeBundleTest, RunAsNonRootRefusesRootAndNames) {
  container_.security_context.run_as_non_root = true;
  EXPECT_EQ(Refused(), "container has runAsNonRoot and image will run as root");

  image_.user = "app";
  user_.uid = 5;
  EXPECT_THAT(Refused(), HasSubstr("image has non-numeric user (app)"));

  image_.user = "5";
  EXPECT_EQ(Made().config.process->user.uid, 5U);

  container_.security_context.run_as_user = 0;
  user_.uid = 0;
  EXPECT_EQ(Refused(), "container has runAsNonRoot and its runAsUser is root");
}

TEST_F(MakeBundleTest, CapabilitiesAreAddedAndDropped) {
  container_.security_context.capabilities_drop = {"ALL"};
  container_.security_context.capabilities_add = {"NET_ADMIN", "CAP_CHOWN"};
  EXPECT_THAT(Made().config.process->capabilities->bounding,
              ElementsAre("CAP_CHOWN", "CAP_NET_ADMIN"));

  container_.security_context.capabilities_drop = {"NET_RAW"};
  container_.security_context.capabilities_add = {};
  const auto capabilities = *Made().config.process->capabilities;
  EXPECT_THAT(capabilities.bounding, Not(Contains("CAP_NET_RAW")));
  EXPECT_THAT(capabilities.bounding, Contains("CAP_CHOWN"));
  EXPECT_THAT(capabilities.inheritable, IsEmpty());
  EXPECT_THAT(capabilities.ambient, IsEmpty());
}

TEST_F(MakeBundleTest, AppArmorProfileIsTheContainersThenThePods) {
  pod_.spec.security_context.app_armor_profile = {.type = "Localhost", .localhost_profile = "pods"};
  EXPECT_EQ(Made().config.process->apparmor_profile, "pods");

  container_.security_context.app_armor_profile = {.type = "Unconfined", .localhost_profile = {}};
  EXPECT_EQ(Made().config.process->apparmor_profile, "");
}

TEST_F(MakeBundleTest, UnknownCapabilityIsNamed) {
  container_.security_context.capabilities_add = {"FLY"};

  EXPECT_EQ(Refused(), "securityContext.capabilities.add: unknown capability \"FLY\"");
}

}  // namespace
}  // namespace caisson::bundle
