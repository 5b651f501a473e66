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
class Resctrl : public ::testing::Test {
 protected:
  Resctrl() { dir_.Write("schemata", "L3:0=fff\n"); }
  test::TempDir dir_;
  spec::IntelRdt config_;
};

TEST_F(Resctrl, MakesAGroupNamedAfterTheContainer) {
  const auto made = MakeResctrl(config_, "web", dir_.path());

  ASSERT_TRUE(made) << made.error().message();
  EXPECT_THAT(*made, ElementsAre(dir_ / "web"));
}

TEST_F(Resctrl, AGroupThatIsThereIsTakenAndLeft) {
  std::filesystem::create_directory(dir_ / "gold");
  dir_.Write("gold/schemata", "");
  dir_.Write("gold/tasks", "");
  config_.clos_id = "gold";
  config_.schemata = {"L3:0=f"};
  config_.mem_bw_schema = "MB:0=50";

  const auto made = MakeResctrl(config_, "web", dir_.path());

  ASSERT_TRUE(made) << made.error().message();
  EXPECT_THAT(*made, IsEmpty());
  EXPECT_EQ(dir_.Read("gold/schemata"), "L3:0=f\nMB:0=50\n");
  ASSERT_TRUE(JoinResctrl(config_, "web", 42, dir_.path()));
  EXPECT_EQ(dir_.Read("gold/tasks"), "42");
}

TEST_F(Resctrl, ANamedGroupWithoutSchemataMustExist) {
  config_.clos_id = "silver";

  const auto made = MakeResctrl(config_, "web", dir_.path());

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message(),
            "linux.intelRdt.closID: group \"silver\" does not exist and no schemata are given");
}

TEST_F(Resctrl, ANameThatLeadsElsewhereIsRefused) {
  for (const char* const name : {"..", "a/b", "."}) {
    SCOPED_TRACE(name);
    config_.clos_id = name;
    const auto made = MakeResctrl(config_, "web", dir_.path());
    ASSERT_FALSE(made);
    EXPECT_THAT(made.error().message(), HasSubstr("is no name"));
  }
}

TEST_F(Resctrl, AFailedWriteRemovesTheGroup) {
  config_.schemata = {"L3:0=f"};  // a plain folder has no schemata file to write to

  const auto made = MakeResctrl(config_, "web", dir_.path());

  ASSERT_FALSE(made);
  EXPECT_THAT(made.error().message(), HasSubstr("linux.intelRdt.schemata: open"));
  EXPECT_LT(::access((dir_ / "web").c_str(), F_OK), 0);
}

TEST_F(Resctrl, WithoutTheFileSystemItIsUnsupportedWithARemedy) {
  const auto made = MakeResctrl(config_, "web", dir_ / "nowhere");

  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code(), Code::kUnsupported);
  EXPECT_THAT(made.error().hint(), HasSubstr("mount -t resctrl"));
}

}  // namespace
}  // namespace caisson::container
