// SPDX-License-Identifier: Apache-2.0
#include "agent/image/user.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include "tests/support/temp_dir.h"

namespace caisson::image {
namespace {

using test::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ResolveUserTest : public testing::Test {
 protected:
  ResolveUserTest() {
    root_.Write("etc/passwd",
                "# comment\n"
                "root:x:0:0:root:/root:/bin/sh\n"
                "broken line\n"
                "app:x:1000:100::/srv/app:/bin/sh\n"
                "3000:x:0:0::/root:/bin/sh\n");
    root_.Write("etc/group", "users:x:100:app\nwww:x:33:root,app\naudio:x:29:app\n");
  }
  Result<ResolvedUser> Resolve(std::string_view user) { return ResolveUser(root_.Open(), user); }
  std::string SentenceFor(std::string_view user) {
    const auto resolved = Resolve(user);
    if (resolved) return "accepted";
    EXPECT_EQ(resolved.error().code(), Code::kInvalidSpec);
    return resolved.error().message();
  }
  TempDir root_;
};

TEST_F(ResolveUserTest, NamesComeWithTheirGroupsAndHome) {
  const auto user = Resolve("app");

  ASSERT_TRUE(user) << user.error().message();
  EXPECT_EQ(user->uid, 1000u);
  EXPECT_EQ(user->gid, 100u);
  EXPECT_THAT(user->additional_gids, ElementsAre(29u, 33u));
  EXPECT_EQ(user->home, "/srv/app");
  EXPECT_EQ(user->name, "app");
}

TEST_F(ResolveUserTest, AGivenGroupStandsAlone) {
  EXPECT_EQ(Resolve("app:www")->gid, 33u);
  EXPECT_THAT(Resolve("app:www")->additional_gids, IsEmpty());
  EXPECT_EQ(Resolve("7:8")->uid, 7u);
  EXPECT_EQ(Resolve("7:8")->gid, 8u);
  EXPECT_EQ(Resolve(":8")->uid, 0u);
  EXPECT_EQ(Resolve("")->uid, 0u);
  EXPECT_EQ(Resolve("")->home, "/root");
}

TEST_F(ResolveUserTest, CVE_2016_3697_DigitsAreNeverAName) {
  const auto user = Resolve("3000");

  ASSERT_TRUE(user) << user.error().message();
  EXPECT_EQ(user->uid, 3000u);
  EXPECT_EQ(user->gid, 0u);
}

TEST_F(ResolveUserTest, CVE_2024_40635_NumbersBeyondThirtyTwoBitsAreRefused) {
  for (const char* const id : {"4294967296", "4294967295", "99999999999999999999"}) {
    EXPECT_EQ(SentenceFor(id), StrCat("user \"", id, "\" is not an id from 0 to 4294967294"));
    EXPECT_EQ(SentenceFor(StrCat("0:", id)),
              StrCat("group \"", id, "\" is not an id from 0 to 4294967294"));
  }
  EXPECT_EQ(SentenceFor("-1"), "user \"-1\" is not in /etc/passwd of the image");
}

TEST_F(ResolveUserTest, UnknownNamesAreSaid) {
  EXPECT_EQ(SentenceFor("nobody"), "user \"nobody\" is not in /etc/passwd of the image");
  EXPECT_EQ(SentenceFor("app:nogroup"), "group \"nogroup\" is not in /etc/group of the image");
  EXPECT_EQ(SentenceFor("app\nroot"), "user: has white space or control characters");
}

TEST_F(ResolveUserTest, AnImageWithoutTablesHasNumbersOnly) {
  const TempDir empty;

  EXPECT_EQ(ResolveUser(empty.Open(), "5")->uid, 5u);
  EXPECT_FALSE(ResolveUser(empty.Open(), "app"));
}

TEST_F(ResolveUserTest, TablesThatAreNoRegularFilesAreRefusedAndNotWaitedFor) {
  const TempDir odd;
  ASSERT_TRUE(MakeDirs(odd / "etc", 0755));
  ASSERT_EQ(::mkfifo((odd / "etc/passwd").c_str(), 0600), 0);

  const auto user = ResolveUser(odd.Open(), "app");

  ASSERT_FALSE(user);
  EXPECT_EQ(user.error().message(), "\"etc/passwd\" of the image is not a regular file");
}

TEST_F(ResolveUserTest, ASymlinkStaysInsideTheImage) {
  const TempDir linked;
  ASSERT_TRUE(MakeDirs(linked / "etc", 0755));
  ASSERT_EQ(::symlink("/../../etc/passwd.real", (linked / "etc/passwd").c_str()), 0);
  linked.Write("etc/passwd.real", "inside:x:5:6::/:/bin/sh\n");

  EXPECT_EQ(ResolveUser(linked.Open(), "inside")->uid, 5u);
}

TEST_F(ResolveUserTest, AHugeTableIsRefused) {
  root_.Write("etc/passwd", std::string((4u << 20) + 1, 'x'));

  EXPECT_THAT(SentenceFor("app"), HasSubstr("is larger than 4194304 bytes"));
}

}  // namespace
}  // namespace caisson::image
