// SPDX-License-Identifier: Apache-2.0
// Binds whose source lies in the container's own root.
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/rootfs/box.h"
#include "tests/support/need.h"

namespace caisson::test {
namespace {

using ::testing::HasSubstr;

class SourceInRoot : public ::testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    CAISSON_REQUIRE(Need::kRoot);
    box_.config.root->readonly = false;
    if (!GetParam()) return;
    CAISSON_REQUIRE(Need::kUserNs);
    box_.namespaces |= CLONE_NEWUSER;
    ASSERT_EQ(::chown(box_.Rootfs("").c_str(), kFirstHostId, kFirstHostId), 0);
  }
  void Bind(const std::string& destination, const std::string& source,
            std::vector<std::string> options = {"rbind"}) {
    box_.Mount({.destination = destination,
                .type = "bind",
                .source = source,
                .options = std::move(options)});
  }
  void Link(const std::string& text, const char* in_root) {
    ASSERT_EQ(::symlink(text.c_str(), box_.Rootfs(in_root).c_str()), 0);
  }

  Box box_;
};

TEST_P(SourceInRoot, IsWhatEarlierMountsHaveMadeOfIt) {
  box_.dir.Write("volume/one/file", "one\n");
  ASSERT_EQ(::chmod((box_.dir / "volume/one").c_str(), 0777), 0);
  ASSERT_EQ(::chmod((box_.dir / "volume/one/file").c_str(), 0666), 0);
  Bind("/data", "volume");
  box_.Mount({.destination = "/data/one/deep", .type = "tmpfs", .options = {"mode=0711"}});
  Bind("/again", box_.Rootfs("data/one"));
  Bind("/flat", "rootfs/data/one", {"bind", "ro"});

  const std::string seen = box_.Look([] {
    return StrCat(ReadAll("/again/file"), Describe("/again/deep"), " ", ReadAll("/flat/file"),
                  MountLine("/flat/deep"), WriteTo("/flat/file", "x"));
  });

  EXPECT_EQ(seen, "one\nd 711 0:0 one\nerrno EROFS");
}

TEST_P(SourceInRoot, MayBeTheRootItself) {
  box_.dir.Write("rootfs/mark", "root\n");
  box_.Mount({.destination = "/t", .type = "tmpfs", .options = {"mode=0711"}});
  Bind("/self", box_.Rootfs(""));

  EXPECT_EQ(box_.Look([] { return StrCat(ReadAll("/self/mark"), Describe("/self/t")); }),
            "root\nd 711 0:0");
}

TEST_P(SourceInRoot, ALinkOnTheWayNeverLeadsOutOfTheRoot) {
  box_.dir.Write("outside/file", "HOST\n");
  box_.dir.Write(StrCat("rootfs", box_.dir.path(), "/outside/file"), "inside\n");
  Link(box_.dir / "outside", "absolute");
  Link(StrCat("../../../../../../../..", box_.dir / "outside"), "relative");
  Bind("/a", box_.Rootfs("absolute"));
  Bind("/r", box_.Rootfs("relative"));
  Bind("/f", box_.Rootfs("absolute/file"));

  EXPECT_EQ(box_.Look([] { return StrCat(ReadAll("/a/file"), ReadAll("/r/file"), ReadAll("/f")); }),
            "inside\ninside\ninside\n");
}

TEST_P(SourceInRoot, ALinkOfProcIsNoWayOut) {
  Link("/proc/self/root", "way");
  Bind("/out", box_.Rootfs("way/etc"));

  const Error error = box_.Refusal();

  EXPECT_THAT(error.message(),
              HasSubstr(StrCat("bind on \"/out\": open in the root \"", box_.Rootfs("way/etc"),
                               "\": Too many levels of symbolic links (ELOOP)")));
  EXPECT_EQ(error.hint(), "name a path without a link of /proc or a circle of links in it");
}

TEST_P(SourceInRoot, OneThatIsMissingIsNamed) {
  Bind("/later", box_.Rootfs("none"));

  const Error error = box_.Refusal();

  EXPECT_EQ(error.message(), StrCat("mount #", box_.config.mounts.size() - 1,
                                    " bind on \"/later\": open in the root \"", box_.Rootfs("none"),
                                    "\": No such file or directory (ENOENT)"));
  EXPECT_EQ(error.hint(), "create the source in the image, or by a mount before this one");
}

TEST_P(SourceInRoot, ADestinationMayBeToldByItsHostPath) {
  box_.dir.Write("volume/file", "content\n");
  Bind(box_.Rootfs("data"), "volume");

  EXPECT_EQ(box_.Look([] { return ReadAll("/data/file"); }), "content\n");
}

// Its text lies beside the root, not in it.
TEST_P(SourceInRoot, AnotherDirectoryIsTheHosts) {
  box_.dir.Write("rootfs-not/file", "beside\n");
  Bind("/a", "rootfs-not");
  Bind("/b", StrCat(box_.Rootfs(""), "../rootfs-not"));

  EXPECT_EQ(box_.Look([] { return StrCat(ReadAll("/a/file"), ReadAll("/b/file")); }),
            "beside\nbeside\n");
}

INSTANTIATE_TEST_SUITE_P(In, SourceInRoot, ::testing::Bool(), [](const auto& is_user) {
  return is_user.param ? "AUserNamespace" : "TheHosts";
});

}  // namespace
}  // namespace caisson::test
