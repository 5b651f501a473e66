// SPDX-License-Identifier: Apache-2.0
#include "runtime/security/lsm.h"

#include <gmock/gmock.h>

#include "tests/support/temp_dir.h"

namespace caisson::security {
namespace {

using test::TempDir;

spec::Process With(std::string apparmor, std::string selinux) {
  spec::Process process;
  process.apparmor_profile = std::move(apparmor);
  process.selinux_label = std::move(selinux);
  return process;
}

void HaveAppArmor(const TempDir& root) {
  root.Write("sys/module/apparmor/parameters/enabled", "Y\n");
  root.Write("proc/self/attr/apparmor/exec", "");
}
void HaveSelinux(const TempDir& root) {
  root.Write("sys/fs/selinux/enforce", "1");
  root.Write("proc/self/attr/current", "system_u:system_r:init_t:s0");
}

TEST(PlanLsm, NothingAskedForLooksAtNothing) {
  const auto plan = PlanLsm(With("", ""), "/does/not/exist");

  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->view().count, 0u);
}

TEST(PlanLsm, ProfileOnAHostWithoutAppArmorIsAnError) {
  const TempDir root;
  const auto plan = PlanLsm(With("docker-default", ""), root.path());

  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code(), Code::kUnsupported);
  EXPECT_EQ(plan.error().message(),
            "process.apparmorProfile \"docker-default\": AppArmor is not enabled");
}

TEST(PlanLsm, LabelOnAHostWithoutSelinuxIsAnError) {
  const TempDir root;
  const auto plan = PlanLsm(With("", "system_u:system_r:container_t:s0"), root.path());

  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().message(),
            "process.selinuxLabel \"system_u:system_r:container_t:s0\": SELinux is not enabled");
}

TEST(PlanLsm, SelinuxWithoutAPolicyDoesNotCount) {
  const TempDir root;
  HaveSelinux(root);
  root.Write("proc/self/attr/current", "kernel");

  EXPECT_FALSE(DetectLsm(root.path()).selinux);
}

TEST(PlanLsm, BothModulesGetTheirWrites) {
  const TempDir root;
  HaveAppArmor(root);
  HaveSelinux(root);

  const auto plan = PlanLsm(With("docker-default", "label"), root.path());

  ASSERT_TRUE(plan) << plan.error().message();
  const LsmView view = plan->view();
  ASSERT_EQ(view.count, 2u);
  EXPECT_STREQ(view.writes[0].file, "self/attr/apparmor/exec");
  EXPECT_EQ(std::string(view.writes[0].value, view.writes[0].size), "exec docker-default");
  EXPECT_STREQ(view.writes[1].file, "self/attr/exec");
  EXPECT_EQ(std::string(view.writes[1].value, view.writes[1].size), "label");
  EXPECT_STREQ(view.keyring.file, "self/attr/keycreate");
  EXPECT_EQ(std::string(view.keyring.value, view.keyring.size), "label");
  EXPECT_EQ(
      plan->ExplainKeyring(EACCES).message(),
      "process.selinuxLabel \"label\": write \"/proc/self/attr/keycreate\": Permission denied "
      "(EACCES)");
  EXPECT_EQ(plan->Explain({ENOENT, 0}).ToString(),
            "process.apparmorProfile \"docker-default\": write \"/proc/self/attr/apparmor/exec\": "
            "No such file or directory (ENOENT) (try: load the profile first: apparmor_parser -r "
            "FILE)");
  EXPECT_EQ(plan->Explain({EINVAL, 1}).message(),
            "process.selinuxLabel \"label\": write \"/proc/self/attr/exec\": Invalid argument "
            "(EINVAL)");
}

TEST(PlanLsm, ControlCharactersAreRefused) {
  const auto plan = PlanLsm(With("a\nb", ""));

  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().message(), "process.apparmorProfile: has a control character");
}

TEST(ApplyLsm, Cve2019_16884_FileThatIsNotOnProcfsIsNotWritten) {
  const TempDir fake;
  fake.Write("self/attr/exec", "");
  const UniqueFd fake_proc = fake.Open();
  LsmView view;
  view.writes[0] = {"self/attr/exec", "label", 5};
  view.count = 1;

  EXPECT_EQ(ApplyLsm(fake_proc.get(), view).sys_errno, EXDEV);
  EXPECT_EQ(fake.Read("self/attr/exec"), "");
}

}  // namespace
}  // namespace caisson::security
