// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/resctrl.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>

#include "tests/support/temp_dir.h"

namespace caisson::container {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// A folder with plain files stands in for the file system.
class ResctrlTest : public ::testing::Test {
 protected:
  ResctrlTest() {
    dir_.Write("schemata", "    L3:0=fff\n    MB:0=100\n");
    std::filesystem::create_directory(dir_ / "mon_groups");
  }
  Result<Resctrl> Plan() const { return Resctrl::Plan(config_, "web", dir_.path()); }
  Status Make() const {
    CAISSON_ASSIGN(const Resctrl group, Plan());
    return group.Make();
  }
  void MakeGold(const char* schemata) {
    std::filesystem::create_directories(dir_ / "gold/mon_groups");
    dir_.Write("gold/schemata", schemata);
    dir_.Write("gold/tasks", "");
  }
  bool IsThere(const char* name) const { return ::access((dir_ / name).c_str(), F_OK) == 0; }

  test::TempDir dir_;
  spec::IntelRdt config_;
};

TEST_F(ResctrlTest, AGroupOfItsOwnIsNamedAfterTheContainerAndGoesWithIt) {
  const auto group = Plan();

  ASSERT_TRUE(group) << group.error().message();
  EXPECT_THAT(group->Owned(), ElementsAre(dir_ / "web"));
  ASSERT_TRUE(group->Make());
  EXPECT_TRUE(IsThere("web"));
}

TEST_F(ResctrlTest, OneThatHasTheContainersNameAlreadyIsTakenAndLeft) {
  std::filesystem::create_directory(dir_ / "web");

  const auto group = Plan();

  ASSERT_TRUE(group) << group.error().message();
  EXPECT_THAT(group->Owned(), IsEmpty());
}

// Source: config-linux.md: "If closID is set ... the runtime MUST NOT remove the sub-directory".
TEST_F(ResctrlTest, AGroupThatIsNamedStaysWhoeverMadeIt) {
  config_.clos_id = "gold";
  config_.schemata = {"L3:0=f"};

  const auto group = Plan();

  ASSERT_TRUE(group) << group.error().message();
  EXPECT_THAT(group->Owned(), IsEmpty());
}

TEST_F(ResctrlTest, AGroupThatIsNamedIsComparedAndItsTasksGetTheProcess) {
  MakeGold("    MB:0=50\n    L3:0=00f;1=ff\n");
  config_.clos_id = "gold";
  config_.l3_cache_schema = "L3:0=f";
  config_.mem_bw_schema = "MB:0=50";
  const auto group = Plan();
  ASSERT_TRUE(group) << group.error().message();

  EXPECT_TRUE(group->Make());

  EXPECT_EQ(dir_.Read("gold/schemata"), "    MB:0=50\n    L3:0=00f;1=ff\n");
  EXPECT_TRUE(group->Join(42));
  EXPECT_EQ(dir_.Read("gold/tasks"), "42");
}

TEST_F(ResctrlTest, AGroupThatIsNamedAndDiffersIsRefused) {
  MakeGold("L3:0=ff\nMB:0=50\n");
  config_.clos_id = "gold";
  config_.l3_cache_schema = "L3:0=f";

  const Status made = Make();

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), Code::kInvalidSpec);
  EXPECT_EQ(made.error().message(),
            "linux.intelRdt.l3CacheSchema: \"L3:0=f\" is not what group \"gold\" has");
  EXPECT_EQ(dir_.Read("gold/schemata"), "L3:0=ff\nMB:0=50\n");
}

TEST_F(ResctrlTest, BandwidthIsComparedAsTheProcessorRoundsIt) {
  MakeGold("MB:0=30\n");
  dir_.Write("info/MB/bandwidth_gran", "10\n");
  config_.clos_id = "gold";
  config_.mem_bw_schema = "MB:0=25";

  EXPECT_TRUE(Make());
}

TEST_F(ResctrlTest, TheDefaultGroupIsCalledSlash) {
  dir_.Write("tasks", "");
  config_.clos_id = "/";
  const auto group = Plan();
  ASSERT_TRUE(group) << group.error().message();

  EXPECT_TRUE(group->Make());

  EXPECT_THAT(group->Owned(), IsEmpty());
  EXPECT_TRUE(group->Join(42));
  EXPECT_EQ(dir_.Read("tasks"), "42");
}

TEST_F(ResctrlTest, AMonitoringGroupGoesWithTheContainerAndIsJoinedAfterItsGroup) {
  MakeGold("L3:0=f\n");
  config_.clos_id = "gold";
  config_.enable_monitoring = true;
  const auto group = Plan();
  ASSERT_TRUE(group) << group.error().message();

  EXPECT_TRUE(group->Make());

  EXPECT_THAT(group->Owned(), ElementsAre(dir_ / "gold/mon_groups/web"));
  dir_.Write("gold/mon_groups/web/tasks", "");
  EXPECT_TRUE(group->Join(42));
  EXPECT_EQ(dir_.Read("gold/mon_groups/web/tasks"), "42");
}

TEST_F(ResctrlTest, ANamedGroupWithoutSchemataMustExist) {
  config_.clos_id = "silver";

  const auto group = Plan();

  ASSERT_FALSE(group);
  EXPECT_EQ(group.error().message(),
            "linux.intelRdt.closID: group \"silver\" does not exist and no schemata are given");
}

TEST_F(ResctrlTest, ANameThatLeadsElsewhereIsRefused) {
  for (const char* const name : {"..", "a/b", "."}) {
    SCOPED_TRACE(name);
    config_.clos_id = name;
    const auto group = Plan();
    ASSERT_FALSE(group);
    EXPECT_THAT(group.error().message(), HasSubstr("is no name"));
  }
}

TEST_F(ResctrlTest, AFailedWriteRemovesTheGroupAndTellsWhatTheKernelSays) {
  dir_.Write("info/last_cmd_status", "Mask out of range\n");
  config_.schemata = {"L3:0=f"};  // a plain folder has no schemata file to write to

  const Status made = Make();

  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), HasSubstr("linux.intelRdt.schemata: open"));
  EXPECT_EQ(made.error().hint(), "look at what the kernel says: Mask out of range");
  EXPECT_FALSE(IsThere("web"));
}

TEST_F(ResctrlTest, SchemataOfARunningContainerCanBeChanged) {
  MakeGold("");
  config_.clos_id = "gold";
  const auto group = Plan();
  ASSERT_TRUE(group) << group.error().message();

  EXPECT_TRUE(group->Change("L3:0=3", "MB:0=20"));

  EXPECT_EQ(dir_.Read("gold/schemata"), "L3:0=3\nMB:0=20\n");
}

TEST_F(ResctrlTest, WithoutTheFileSystemItIsUnsupportedWithARemedy) {
  const auto group = Resctrl::Plan(config_, "web", dir_ / "nowhere");

  ASSERT_FALSE(group);
  EXPECT_EQ(group.error().code(), Code::kUnsupported);
  EXPECT_THAT(group.error().hint(), HasSubstr("mount -t resctrl"));
}

}  // namespace
}  // namespace caisson::container
