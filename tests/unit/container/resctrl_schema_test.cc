// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/resctrl_schema.h"

#include <gmock/gmock.h>

namespace caisson::container {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SchemataWrites, TheListComesLastAndInAWriteOfItsOwn) {
  const spec::IntelRdt config{.schemata = {"L3:0=1;1=3", "L2:0=f"},
                              .l3_cache_schema = "L3:0=ff",
                              .mem_bw_schema = "MB:0=20"};

  EXPECT_THAT(SchemataWrites(config), ElementsAre("L3:0=ff\nMB:0=20\n", "L3:0=1;1=3\nL2:0=f\n"));
}

TEST(SchemataWrites, NothingIsWrittenForNothing) {
  EXPECT_THAT(SchemataWrites({}), IsEmpty());
  EXPECT_THAT(SchemataWrites({.mem_bw_schema = "MB:0=20"}), ElementsAre("MB:0=20\n"));
}

TEST(HasSchema, ReadsWhatTheKernelWrites) {
  constexpr char kFile[] = "    L3:0=00fff;1=00ff0\n  SMBA:0=2048\n    MB:0= 20;1=100\n";

  EXPECT_TRUE(HasSchema(kFile, "L3:1=0xff0;0=fff", 0));
  EXPECT_TRUE(HasSchema(kFile, "MB:0=20", 0));
  EXPECT_TRUE(HasSchema(kFile, "MB:0=11;1=91", 10));
  EXPECT_TRUE(HasSchema(kFile, "SMBA:0=2048", 8));
}

TEST(HasSchema, SeesADifference) {
  constexpr char kFile[] = "L3:0=fff;1=ff0\nMB:0=20\n";

  EXPECT_FALSE(HasSchema(kFile, "L3:0=ff", 0));       // another mask
  EXPECT_FALSE(HasSchema(kFile, "L3:0=fff;2=f", 0));  // a cache that is not there
  EXPECT_FALSE(HasSchema(kFile, "L2:0=fff", 0));      // a resource that is not there
  EXPECT_FALSE(HasSchema(kFile, "MB:0=11", 0));       // nothing rounds it
  EXPECT_FALSE(HasSchema(kFile, "MB:0=21", 10));      // 30
  EXPECT_FALSE(HasSchema(kFile, "not a schema", 0));
}

}  // namespace
}  // namespace caisson::container
