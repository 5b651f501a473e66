// SPDX-License-Identifier: Apache-2.0
// The manager on folders of plain files, which stand in for cgroupfs: it only makes directories,
// opens and writes.
#include "runtime/cgroup/manager.h"

#include <gmock/gmock.h>

#include "tests/support/temp_dir.h"

namespace caisson::cgroup {
namespace {

using test::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;

class ManagerOnV2 : public testing::Test {
 protected:
  ManagerOnV2() {
    dir_.Write("cgroup.controllers", "cpu memory pids\n");
    dir_.Write("cgroup.subtree_control", "");
    dir_.Write("web/cgroup.controllers", "cpu memory\n");
    dir_.Write("web/cgroup.procs", "");
    dir_.Write("web/memory.max", "");
  }

  Manager Web(bool rootless = false) {
    return Manager({.path = "/web",
                    .directories = {{.version = Version::kV2, .path = dir_ / "web"}},
                    .rootless = rootless});
  }

  TempDir dir_;
};

TEST_F(ManagerOnV2, ApplyWritesTheLimits) {
  dir_.Write("web/memory.swap.max", "");
  const spec::Resources resources{
      .devices = {{.allow = true}},
      .memory = spec::MemoryResources{.limit = 1048576, .swap = 2097152}};

  const Status done = Web().Apply(resources, ApplyFor::kCreate);

  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(dir_.Read("web/memory.max"), "1048576");
  EXPECT_EQ(dir_.Read("web/memory.swap.max"), "1048576");
}

TEST_F(ManagerOnV2, MissingControllerIsNamedWithARemedyAndAskedForAbove) {
  const Status done = Web().Apply({.pids = spec::PidsResources{5}}, ApplyFor::kUpdate);

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::kUnsupported);
  EXPECT_EQ(done.error().message(),
            "linux.resources.pids.limit (pids.max = 5): controller \"pids\" is not enabled");
  EXPECT_EQ(done.error().hint(), "add +pids to the parent's cgroup.subtree_control");
  EXPECT_EQ(dir_.Read("cgroup.subtree_control"), "+pids");
}

TEST_F(ManagerOnV2, MissingFileOfAnEnabledControllerIsTheKernels) {
  const Status done = Web().Apply({.unified = {{"memory.novelty", "5"}}}, ApplyFor::kUpdate);

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message(),
            "linux.resources.unified.memory.novelty (memory.novelty = 5): this kernel has no file "
            "\"memory.novelty\"");
}

TEST_F(ManagerOnV2, TheOtherSchedulersWeightIsUsedWhereBfqIsMissing) {
  dir_.Write("web/io.weight", "");

  const Status done =
      Web().Apply({.block_io = spec::BlockIoResources{.weight = 1000}}, ApplyFor::kUpdate);

  ASSERT_TRUE(done) << done.error().message();
  EXPECT_EQ(dir_.Read("web/io.weight"), "10000");
}

TEST_F(ManagerOnV2, AnUpdateOfThePeriodKeepsTheQuota) {
  dir_.Write("web/cpu.max", "70000 100000\n");

  const Status done =
      Web().Apply({.cpu = spec::CpuResources{.period_us = 200000}}, ApplyFor::kUpdate);

  ASSERT_TRUE(done) << done.error().message();
  EXPECT_THAT(dir_.Read("web/cpu.max"), HasSubstr("70000 200000"));
}

TEST_F(ManagerOnV2, CheckBeforeUpdateRefusesALimitBelowUsage) {
  dir_.Write("web/memory.current", "5000\n");
  const spec::Resources resources{
      .memory = spec::MemoryResources{.limit = 4096, .check_before_update = true}};

  const Status done = Web().Apply(resources, ApplyFor::kUpdate);

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::kWrongState);
  EXPECT_EQ(done.error().message(),
            "linux.resources.memory.limit: 4096 is below the 5000 bytes that are in use");
  EXPECT_EQ(dir_.Read("web/memory.max"), "");
}

TEST_F(ManagerOnV2, WarningsReachTheCaller) {
  std::vector<std::string> warnings;
  const spec::Resources resources{.memory = spec::MemoryResources{.swappiness = 5}};

  ASSERT_TRUE(Web().Apply(resources, ApplyFor::kUpdate, &warnings));

  EXPECT_THAT(warnings, ElementsAre(HasSubstr("linux.resources.memory.swappiness: left out")));
}

TEST_F(ManagerOnV2, CreateRefusesACgroupInUse) {
  dir_.Write("web/cgroup.procs", "2147483646\n");
  auto manager = Manager::Plan(*Layout::Detect(dir_.path()), {.container_id = "web"});
  ASSERT_TRUE(manager);

  const Status done = manager->Create();

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code(), Code::kAlreadyExists);
  EXPECT_EQ(done.error().message(),
            StrCat("create cgroup \"/web\": container's cgroup is not empty: \"", dir_ / "web",
                   "\" is in use by process 2147483646"));
  EXPECT_THAT(done.error().hint(), HasSubstr("choose another linux.cgroupsPath"));
}

TEST_F(ManagerOnV2, CreateMakesParentsAndRemembersThem) {
  auto manager = Manager::Plan(*Layout::Detect(dir_.path()),
                               {.container_id = "web", .cgroups_path = "/pods/p1/web"});
  ASSERT_TRUE(manager);

  ASSERT_TRUE(manager->Create());

  EXPECT_EQ(manager->record().V2()->parents_made, 2u);
  ASSERT_TRUE(manager->Remove(Deadline::After(std::chrono::seconds(1))));
  EXPECT_NE(::access((dir_ / "pods").c_str(), F_OK), 0);
}

TEST_F(ManagerOnV2, AddProcessExplainsACgroupThatCannotBeJoined) {
  Manager manager(
      {.path = "/gone", .directories = {{.version = Version::kV2, .path = dir_ / "gone"}}});

  const Status done = manager.AddProcess(77);

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message(),
            StrCat("adding pid 77 to cgroups \"/gone\": ", dir_ / "gone/cgroup.procs",
                   ": no such file or directory"));
}

TEST_F(ManagerOnV2, BelowStaysInside) {
  const std::string inside[] = {"sub/cgroup"};
  const auto below = Web().Below(inside);
  ASSERT_TRUE(below);
  EXPECT_EQ(below->record().V2()->path, dir_ / "web/sub/cgroup");

  const std::string outside[] = {"sub/../../other"};
  const auto refused = Web().Below(outside);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(),
            "cgroup sub/../../other is not a sub cgroup path: \"..\" leads out");

  const std::string unknown[] = {"memory:sub"};
  const auto missing = Web().Below(unknown);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message(), "cgroup \"memory:sub\": unknown controller memory");
}

TEST_F(ManagerOnV2, FreezingWithoutAnEndTimesOutAndIsTakenBack) {
  dir_.Write("web/cgroup.freeze", "0");
  dir_.Write("web/cgroup.events", "populated 1\nfrozen 0\n");

  const Status done = Web().SetFrozen(true, Deadline::After(std::chrono::milliseconds(5)));

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().sys_errno(), ETIMEDOUT);
  EXPECT_THAT(done.error().message(), HasSubstr("cgroup \"/web\": did not freeze in time"));
  EXPECT_EQ(dir_.Read("web/cgroup.freeze"), "0");
}

TEST(ManagerWithoutCgroup, DoesNothingUntilALimitIsAskedFor) {
  Manager manager(Record{.path = "/web", .rootless = true});

  EXPECT_FALSE(manager.has_cgroup());
  EXPECT_TRUE(manager.AddProcess(1));
  EXPECT_TRUE(manager.Apply({.devices = {{.allow = false}}}, ApplyFor::kCreate));
  EXPECT_TRUE(manager.KillAll(Deadline::Never()));
  EXPECT_TRUE(manager.Remove(Deadline::Never()));
  const Status limited =
      manager.Apply({.memory = spec::MemoryResources{.limit = 5}}, ApplyFor::kCreate);
  ASSERT_FALSE(limited);
  EXPECT_EQ(limited.error().message(),
            "linux.resources.memory.limit (memory.limit_in_bytes = 5): the container has no cgroup "
            "of its own");
  EXPECT_THAT(limited.error().hint(), HasSubstr("delegate a cgroup to this user"));
}

TEST(ManagerOnV1, AControllerThatIsNotMountedIsNamed) {
  Manager manager({.path = "/web", .directories = {{.controllers = "cpu", .path = "/c/web"}}});

  const Status done =
      manager.Apply({.memory = spec::MemoryResources{.limit = 5}}, ApplyFor::kCreate);

  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().message(),
            "linux.resources.memory.limit (memory.limit_in_bytes = 5): controller \"memory\" is "
            "not mounted");
}

TEST(ManagerOnV1, DeviceRulesAreWrittenInOrder) {
  const TempDir dir;
  dir.Write("web/devices.allow", "");
  dir.Write("web/devices.deny", "");
  Manager manager(
      {.path = "/web", .directories = {{.controllers = "devices", .path = dir / "web"}}});

  ASSERT_TRUE(manager.Apply(
      {.devices = {{.allow = false}, {.allow = true, .type = 'b', .major = 8, .minor = 0}}},
      ApplyFor::kCreate));

  EXPECT_EQ(dir.Read("web/devices.deny"), "a");
  EXPECT_EQ(dir.Read("web/devices.allow"),
            "b 8:0 rwmc *:* mb *:* mc 1:3 rwmc 1:5 rwmc 1:7 rwmc 1:8 rwmc 1:9 rwmc 5:0 rwmc 5:2 "
            "rwmc 136:* rwm");
}

TEST(ManagerOnV1, AnUpdateLeavesDeviceRulesAlone) {
  Manager manager(
      {.path = "/web", .directories = {{.controllers = "devices", .path = "/nowhere/web"}}});

  EXPECT_TRUE(manager.Apply({.devices = {{.allow = false}}}, ApplyFor::kUpdate));
}

}  // namespace
}  // namespace caisson::cgroup
