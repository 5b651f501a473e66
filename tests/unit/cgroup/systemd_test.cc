// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/systemd.h"

#include <gmock/gmock.h>
#include <stdlib.h>

namespace caisson::cgroup {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

Record Scope(std::vector<Directory> directories) {
  return {.driver = Driver::kSystemd,
          .path = "/system.slice/caisson-web.scope",
          .directories = std::move(directories),
          .systemd_unit = "caisson-web.scope",
          .systemd_slice = "system.slice"};
}
Record ScopeV2() { return Scope({{.version = Version::kV2, .path = "/c/x"}}); }
Record ScopeV1() { return Scope({{.controllers = "memory", .path = "/c/x"}}); }

TEST(SystemdStart, ScopesAreDelegatedAndInTheirSlice) {
  const auto properties = systemd::StartProperties(ScopeV2());

  EXPECT_THAT(properties, Contains("Slice=s:system.slice"));
  EXPECT_THAT(properties, Contains("Delegate=b:true"));
  EXPECT_THAT(properties, Contains("IOAccounting=b:true"));
  EXPECT_THAT(systemd::StartProperties(ScopeV1()), Contains("BlockIOAccounting=b:true"));
}

TEST(SystemdStart, SlicesWantTheirParentAndCannotBeDelegated) {
  Record slice = ScopeV2();
  slice.systemd_unit = "a-b.slice";
  slice.systemd_slice = "a.slice";

  const auto properties = systemd::StartProperties(slice);

  EXPECT_THAT(properties, Contains("Wants=as:a.slice"));
  EXPECT_THAT(properties, Not(Contains("Delegate=b:true")));
}

TEST(SystemdResources, V2HasEveryLimit) {
  const spec::Resources resources{
      .memory = spec::MemoryResources{.limit = 100, .reservation = 50, .swap = 300},
      .cpu =
          spec::CpuResources{
              .shares = 1024, .quota_us = 33333, .period_us = 100000, .cpus = "0-1,9", .mems = "0"},
      .pids = spec::PidsResources{7}};

  const auto properties = systemd::ResourceProperties(ScopeV2(), resources, "");

  ASSERT_TRUE(properties);
  EXPECT_THAT(*properties, ElementsAre("MemoryMax=t:100", "MemoryLow=t:50", "MemorySwapMax=t:200",
                                       "CPUWeight=t:100", "CPUQuotaPeriodUSec=t:100000",
                                       "CPUQuotaPerSecUSec=t:340000", "AllowedCPUs=ay:0302",
                                       "AllowedMemoryNodes=ay:01", "TasksMax=t:7"));
}

TEST(SystemdResources, V1HasItsOwnNames) {
  const spec::Resources resources{.memory = spec::MemoryResources{.limit = -1, .swap = -1},
                                  .cpu = spec::CpuResources{.shares = 512, .cpus = "0"}};

  const auto properties = systemd::ResourceProperties(ScopeV1(), resources, "");

  ASSERT_TRUE(properties);
  EXPECT_THAT(*properties, ElementsAre("MemoryLimit=t:18446744073709551615", "CPUShares=t:512"));
}

TEST(SystemdResources, DevicesAreListedAsFarAsItsLanguageGoes) {
  constexpr char kProcDevices[] =
      "Character devices:\n  1 mem\n136 pts\n\nBlock devices:\n  8 sd\n259 blkext\n";
  const spec::Resources resources{
      .devices = {{.allow = false}, {.allow = true, .type = 'b', .major = 8, .access = "rw"}}};

  const auto properties = systemd::ResourceProperties(ScopeV2(), resources, kProcDevices);

  ASSERT_TRUE(properties);
  ASSERT_EQ(properties->size(), 2u);
  EXPECT_EQ((*properties)[0], "DevicePolicy=s:strict");
  EXPECT_THAT((*properties)[1],
              HasSubstr("a(ss):block-sd rw;char-* m;block-* m;/dev/char/1:3 rwm"));
  EXPECT_THAT((*properties)[1], HasSubstr("char-pts rwm"));

  const auto all = systemd::ResourceProperties(ScopeV2(), {.devices = {{.allow = true}}}, "");
  EXPECT_THAT(*all, ElementsAre("DevicePolicy=s:auto"));
}

TEST(SystemdResources, UnifiedFilesThatSystemdHasANameForAreTold) {
  const spec::Resources resources{.unified = {{"memory.high", "1048576"},
                                              {"memory.swap.max", "max"},
                                              {"cpu.max", "25000 50000"},
                                              {"cpuset.cpus", "0-1"},
                                              {"memory.oom.group", "1"},
                                              {"pids.max", "many"}}};

  const auto properties = systemd::ResourceProperties(ScopeV2(), resources, "");

  ASSERT_TRUE(properties);
  EXPECT_THAT(*properties,
              ElementsAre("MemoryHigh=t:1048576", "MemorySwapMax=t:18446744073709551615",
                          "CPUQuotaPeriodUSec=t:50000", "CPUQuotaPerSecUSec=t:500000",
                          "AllowedCPUs=ay:03"));
  EXPECT_TRUE(systemd::ResourceProperties(ScopeV1(), resources, "")->empty());
}

TEST(SystemdResources, AListThatIsNoneIsNamed) {
  const auto properties =
      systemd::ResourceProperties(ScopeV2(), {.cpu = spec::CpuResources{.cpus = "zero"}}, "");

  ASSERT_FALSE(properties);
  EXPECT_EQ(properties.error().message(),
            "linux.resources.cpu.cpus: \"zero\" is not a list as \"0-2,5\"");
}

TEST(SystemdHelper, ItsWordsBecomeTheError) {
  ::setenv("CAISSON_SYSTEMD_HELPER", "/bin/false", 1);

  const Status done = systemd::StopUnit(ScopeV2());

  ::unsetenv("CAISSON_SYSTEMD_HELPER");
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(), HasSubstr("unit \"caisson-web.scope\": "));
  EXPECT_EQ(done.error().hint(), "see systemctl status and the journal");
}

TEST(SystemdHelper, WithoutItTheRemedyIsNamed) {
  ::setenv("CAISSON_SYSTEMD_HELPER", "/nowhere/caisson-systemd", 1);

  const Status done = systemd::StopUnit(ScopeV2());

  ::unsetenv("CAISSON_SYSTEMD_HELPER");
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message(), "the systemd driver needs \"/nowhere/caisson-systemd\"");
  EXPECT_THAT(done.error().hint(), HasSubstr("leave --systemd-cgroup out"));
}

}  // namespace
}  // namespace caisson::cgroup
