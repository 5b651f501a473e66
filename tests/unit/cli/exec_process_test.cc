// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/exec_process.h"

#include <gmock/gmock.h>

namespace caisson::cli {
namespace {

TEST(ParseUser, TakesANumberOrTwo) {
  const spec::User base{.uid = 1, .gid = 2};

  const auto uid = ParseUser("1000", base);
  ASSERT_TRUE(uid);
  EXPECT_EQ(uid->uid, 1000U);
  EXPECT_EQ(uid->gid, 2U);
  const auto both = ParseUser("4294967294:0", base);
  ASSERT_TRUE(both);
  EXPECT_EQ(both->uid, 4294967294U);
  EXPECT_EQ(both->gid, 0U);
}

TEST(ParseUser, RefusesTextThatIsNoNumberInsteadOfMeaningRoot) {
  for (const char* const text : {"", ":", "1:", ":1", "root", "1x", "+1", "-1", " 1", "1 ", "0x1",
                                 "4294967295", "4294967296", "1:4294967295", "1:2:3"}) {
    SCOPED_TRACE(text);
    const auto parsed = ParseUser(text, {});
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code(), Code::kInvalidSpec);
    EXPECT_THAT(parsed.error().message(), ::testing::EndsWith("for --user"));
  }
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(AddCapabilities, Cve2022_29162_LeavesTheInheritableSetAlone) {
  spec::Process process;

  AddCapabilities({"CAP_SYS_TIME"}, process);

  EXPECT_THAT(process.capabilities->bounding, ElementsAre("CAP_SYS_TIME"));
  EXPECT_THAT(process.capabilities->effective, ElementsAre("CAP_SYS_TIME"));
  EXPECT_THAT(process.capabilities->permitted, ElementsAre("CAP_SYS_TIME"));
  EXPECT_THAT(process.capabilities->inheritable, IsEmpty());
  EXPECT_THAT(process.capabilities->ambient, IsEmpty());
}

TEST(AddCapabilities, WhatTheConfigurationHandsOnBecomesAmbient) {
  spec::Process process;
  process.capabilities.emplace().inheritable = {"CAP_CHOWN", "cap_syslog"};

  AddCapabilities({"CAP_SYSLOG", "CAP_KILL"}, process);

  EXPECT_THAT(process.capabilities->ambient, ElementsAre("CAP_SYSLOG"));
}

}  // namespace
}  // namespace caisson::cli
