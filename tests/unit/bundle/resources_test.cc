// SPDX-License-Identifier: Apache-2.0
#include "agent/bundle/resources.h"

#include "agent/bundle/security.h"
#include "tests/unit/bundle/bundle_fixture.h"

namespace caisson::bundle {
namespace {

using ::testing::Contains;
using ::testing::Not;

TEST(SharesOf, FollowKubelet) {
  EXPECT_EQ(SharesOf(0), 2U);
  EXPECT_EQ(SharesOf(100), 102U);
  EXPECT_EQ(SharesOf(1000), 1024U);
  EXPECT_EQ(SharesOf(1'000'000'000), 262144U);
}

TEST(QuotaOf, IsAtLeastAMillisecond) {
  EXPECT_EQ(QuotaOf(500), 50'000);
  EXPECT_EQ(QuotaOf(1), 1000);
}

TEST(ContainerResources, LimitsAndRequestsBecomeCgroupValues) {
  pod_spec::Container container;
  container.resources.limits = {
      {"cpu", Amount("2")}, {"memory", Amount("64Mi")}, {"hugepages-2Mi", Amount("4Mi")}};
  container.resources.requests = {{"cpu", Amount("250m")}};

  const spec::Resources resources = ContainerResources(container, 100);

  EXPECT_EQ(resources.cpu->shares, 256U);
  EXPECT_EQ(resources.cpu->quota_us, 200'000);
  EXPECT_EQ(resources.memory->limit, 64 << 20);
  EXPECT_EQ(resources.pids->limit, 100);
  ASSERT_EQ(resources.hugepage_limits.size(), 1U);
  EXPECT_EQ(resources.hugepage_limits[0].page_size, "2MB");
}

TEST(ContainerResources, NothingAskedIsNothingLimited) {
  const spec::Resources resources = ContainerResources({}, 0);

  EXPECT_EQ(resources.cpu->shares, 2U);
  EXPECT_FALSE(resources.cpu->quota_us);
  EXPECT_FALSE(resources.memory);
  EXPECT_FALSE(resources.pids);
}

TEST(PodResources, LimitIsTheSumOnlyWhenAllHaveOne) {
  pod_spec::PodSpec pod;
  pod.containers.resize(2);
  pod.containers[0].resources.limits = {{"memory", Amount("10Mi")}, {"cpu", Amount("1")}};
  pod.containers[1].resources.limits = {{"memory", Amount("20Mi")}};

  const spec::Resources resources = PodResources(pod);

  EXPECT_EQ(resources.memory->limit, 30 << 20);
  EXPECT_FALSE(resources.cpu->quota_us);
  EXPECT_EQ(resources.cpu->shares, 1024U);
}

TEST(OomScoreAdj, FollowsTheQosClassAndTheLowestThatMayBeSet) {
  pod_spec::PodSpec pod;
  pod.containers.resize(1);
  auto& resources = pod.containers[0].resources;
  const auto score = [&](std::int32_t lowest) {
    return OomScoreAdj(pod, pod.containers[0], 1000, lowest);
  };

  EXPECT_EQ(score(-1000), 1000);
  resources.requests = {{"memory", Amount("250")}};
  EXPECT_EQ(score(-1000), 750);
  resources.limits = {{"memory", Amount("250")}, {"cpu", Amount("1")}};
  resources.requests = resources.limits;
  EXPECT_EQ(score(-1000), -997);
  EXPECT_EQ(score(0), 0);
}

bool Allows(const spec::Seccomp& profile, const std::string& name) {
  for (const spec::SeccompSyscall& rule : profile.syscalls) {
    if (rule.action != "SCMP_ACT_ALLOW" || !rule.args.empty()) continue;
    for (const std::string& each : rule.names) {
      if (each == name) return true;
    }
  }
  return false;
}

TEST(MakeSeccomp, RuntimeDefaultAllowsProgramsAndRefusesTheHost) {
  pod_spec::SecurityContext context;
  context.seccomp_profile = pod_spec::SeccompProfile{.type = "RuntimeDefault"};

  const auto profile = MakeSeccomp({}, context, {});

  ASSERT_TRUE(profile);
  ASSERT_TRUE(*profile);
  EXPECT_EQ((*profile)->default_action, "SCMP_ACT_ERRNO");
  for (const char* name : {"read", "execve", "futex", "openat2", "clone3"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(Allows(**profile, name), std::string_view(name) != "clone3");
  }
  for (const char* name : {"mount", "bpf", "kexec_load", "init_module", "unshare", "keyctl"})
    EXPECT_FALSE(Allows(**profile, name)) << name;
}

TEST(MakeSeccomp, CapabilityBringsItsCalls) {
  pod_spec::SecurityContext context;
  context.seccomp_profile = pod_spec::SeccompProfile{.type = "RuntimeDefault"};
  context.capabilities_add = {"SYS_ADMIN"};

  const auto profile = MakeSeccomp({}, context, {});

  ASSERT_TRUE(profile && *profile);
  EXPECT_TRUE(Allows(**profile, "mount"));
  EXPECT_TRUE(Allows(**profile, "clone"));
}

TEST(MakeSeccomp, NobodyAskedMeansNone) {
  const auto none = MakeSeccomp({}, {}, {});
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);
}

TEST(MakeSeccomp, LocalhostProfileIsParsedAndNamedWhenBroken) {
  pod_spec::SecurityContext context;
  context.seccomp_profile =
      pod_spec::SeccompProfile{.type = "Localhost", .localhost_profile = "p.json"};

  const auto good = MakeSeccomp({}, context, R"({"defaultAction":"SCMP_ACT_LOG"})");
  const auto bad = MakeSeccomp({}, context, "{");

  ASSERT_TRUE(good && *good);
  EXPECT_EQ((*good)->default_action, "SCMP_ACT_LOG");
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message(), ::testing::StartsWith("seccomp profile \"p.json\": "));
}

}  // namespace
}  // namespace caisson::bundle
