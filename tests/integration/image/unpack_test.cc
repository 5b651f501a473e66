// SPDX-License-Identifier: Apache-2.0
#include "agent/image/unpack.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include "agent/image/digest.h"
#include "agent/image/layer_maker.h"
#include "agent/image/overlay.h"
#include "tests/integration/image/tar_builder.h"
#include "tests/support/need.h"
#include "tests/support/temp_dir.h"

namespace caisson::image {
namespace {

using test::Need;
using test::TempDir;
using testing::HasSubstr;

// Layers are made in a store's folders; their trees are looked at where they lie.
class LayerTest : public testing::Test {
 protected:
  void SetUp() override {
    CAISSON_REQUIRE(Need::kRoot, Need::kOverlay);
    ASSERT_TRUE(folders_.Prepare());
  }

  Result<LayerRecord> Make(const std::string& tar, LayerOrder order = {}) {
    temp_.Write("layer.tar", tar);
    auto stream = LayerStream::Open(OpenAt(kCwd, temp_ / "layer.tar", O_RDONLY).value(), "layer");
    if (!stream) return std::move(stream).error();
    return MakeLayer(folders_, order, *std::move(stream));
  }
  // Makes it on top of those made before.
  void Stack(const std::string& tar) {
    auto made = Make(tar, {.parents = chain_});
    ASSERT_TRUE(made) << made.error().message();
    chain_.push_back(made->chain_id);
  }
  std::string SentenceFor(const std::string& tar) {
    const auto made = Make(tar);
    return made ? "accepted" : made.error().message();
  }
  // The stack as a container sees it: an overlay that is attached nowhere.
  UniqueFd View() {
    ::mkdir((temp_ / "upper").c_str(), 0755);
    ::mkdir((temp_ / "work").c_str(), 0755);
    auto mount = MountOverlay(
        {.lower = folders_.LayerPaths(chain_), .upper = temp_ / "upper", .work = temp_ / "work"});
    if (!mount) ADD_FAILURE() << mount.error().message();
    return mount ? *std::move(mount) : UniqueFd();
  }
  std::string Top(std::string_view path) {
    return StrCat(folders_.Layer(chain_.back()), "/", path);
  }
  static bool Has(const UniqueFd& root, const std::string& path) {
    return OpenInRoot(root, path, O_PATH | O_NOFOLLOW).has_value();
  }
  static std::string Read(const UniqueFd& root, const std::string& path) {
    const auto file = OpenInRoot(root, path, O_RDONLY);
    return file ? ReadFd(*file, path).value() : file.error().message();
  }

  TempDir temp_;
  Folders folders_{temp_ / "store"};
  std::vector<std::string> chain_;
};

TEST_F(LayerTest, KeepsOwnersModesLinksDevicesAndCapabilities) {
  // version 2, effective, CAP_NET_RAW permitted
  const std::string capability(
      "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
      "\x00\x00\x00\x00",
      20);
  Stack(TarBuilder()
            .Dir("./", 0711, 5, 6)
            .Dir("./bin", 0755)
            .File("./bin/su", "x", 04755, 7, 8)
            .HardLink("./bin/su2", "./bin/su")
            .Symlink("./bin/sh", "../../../etc/passwd")
            .FileWithXattr("./bin/ping", "security.capability", capability)
            .CharDevice("./null", 1, 3)
            .File("\xc3\xa4/\xe4\xbd\xa0", "utf8")
            .Finish());

  struct stat info {};
  ASSERT_EQ(::stat(Top("").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0711u);
  EXPECT_EQ(info.st_uid, 5u);
  ASSERT_EQ(::stat(Top("bin/su").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 04755u);
  EXPECT_EQ(info.st_uid, 7u);
  EXPECT_EQ(info.st_gid, 8u);
  EXPECT_EQ(info.st_nlink, 2u);
  EXPECT_EQ(info.st_mtime, 1'000'000);
  ASSERT_EQ(::stat(Top("bin").c_str(), &info), 0);
  EXPECT_EQ(info.st_mtime, 1'000'000);
  ASSERT_EQ(::stat(Top("null").c_str(), &info), 0);
  EXPECT_EQ(info.st_rdev, ::makedev(1, 3));
  char value[64];
  EXPECT_EQ(::getxattr(Top("bin/ping").c_str(), "security.capability", value, sizeof value), 20);
  char target[64] = {};
  EXPECT_GT(::readlink(Top("bin/sh").c_str(), target, sizeof target - 1), 0);
  EXPECT_STREQ(target, "../../../etc/passwd");
  EXPECT_EQ(ReadFile(Top("\xc3\xa4/\xe4\xbd\xa0")).value(), "utf8");
}

TEST_F(LayerTest, WhiteoutsHideWhatLowerLayersHave) {
  Stack(TarBuilder().File("etc/a", "1").File("etc/b", "1").File("srv/x/y", "1").Finish());
  Stack(TarBuilder()
            .File("etc/.wh.a", "")
            .File("srv/.wh.x", "")
            .File("etc/.wh.absent", "")
            .File(".wh..wh.plnk/1", "")
            .Finish());

  const UniqueFd view = View();

  EXPECT_FALSE(Has(view, "etc/a"));
  EXPECT_EQ(Read(view, "etc/b"), "1");
  EXPECT_TRUE(Has(view, "srv"));
  EXPECT_FALSE(Has(view, "srv/x"));
  EXPECT_FALSE(Has(view, "etc/.wh.a"));
}

TEST_F(LayerTest, AnOpaqueFolderKeepsWhatItsOwnLayerBrings) {
  Stack(TarBuilder().File("d/old", "1").File("d/sub/old", "1").File("e", "1").Finish());
  Stack(TarBuilder()
            .File("d/before", "2")
            .File("d/sub/before", "2")
            .File("d/.wh..wh..opq", "")
            .File("d/after", "2")
            .Finish());

  const UniqueFd view = View();

  EXPECT_FALSE(Has(view, "d/old"));
  EXPECT_FALSE(Has(view, "d/sub/old"));
  EXPECT_EQ(Read(view, "d/before"), "2");
  EXPECT_EQ(Read(view, "d/sub/before"), "2");
  EXPECT_EQ(Read(view, "d/after"), "2");
  EXPECT_EQ(Read(view, "e"), "1");
}

TEST_F(LayerTest, LowerLayersDecideWhatAPathMeans) {
  Stack(TarBuilder()
            .Dir("usr/lib")
            .Symlink("lib", "usr/lib")
            .Dir("tmp", 01777)
            .File("f", "1")
            .Finish());
  Stack(TarBuilder()
            .File("lib/libc", "2")  // by way of the symlink
            .File("tmp/x", "2")     // tmp is not in this layer's tar
            .HardLink("g", "f")     // a file of the lower layer
            .Finish());

  const UniqueFd view = View();

  EXPECT_EQ(Read(view, "usr/lib/libc"), "2");
  struct stat info {};
  ASSERT_EQ(::fstatat(view.get(), "lib", &info, AT_SYMLINK_NOFOLLOW), 0);
  EXPECT_TRUE(S_ISLNK(info.st_mode));
  ASSERT_EQ(::fstatat(view.get(), "tmp", &info, 0), 0);
  EXPECT_EQ(info.st_mode & 07777, 01777u);
  EXPECT_EQ(Read(view, "g"), "1");
}

TEST_F(LayerTest, EntriesReplaceWhatIsInTheirPlace) {
  Stack(TarBuilder().File("a", "1").Dir("b/c").Symlink("d", "b").File("b/keep", "1").Finish());
  Stack(TarBuilder().Dir("a").File("b/c", "2").Dir("d").Dir("b", 0700).Finish());

  const UniqueFd view = View();

  struct stat info {};
  ASSERT_EQ(::fstatat(view.get(), "a", &info, AT_SYMLINK_NOFOLLOW), 0);
  EXPECT_TRUE(S_ISDIR(info.st_mode));
  EXPECT_EQ(Read(view, "b/c"), "2");
  ASSERT_EQ(::fstatat(view.get(), "d", &info, AT_SYMLINK_NOFOLLOW), 0);
  EXPECT_TRUE(S_ISDIR(info.st_mode));
  EXPECT_EQ(Read(view, "b/keep"), "1");
}

TEST_F(LayerTest, NothingIsWrittenOutside) {
  ASSERT_TRUE(MakeDirs(temp_ / "outside", 0755));
  const std::string outside = temp_ / "outside";

  EXPECT_EQ(SentenceFor(TarBuilder().File("../x", "1").Finish()),
            "layer: entry \"../x\": has \"..\" in its path");
  EXPECT_EQ(SentenceFor(TarBuilder().File("a/../../x", "1").Finish()),
            "layer: entry \"a/../../x\": has \"..\" in its path");
  EXPECT_THAT(SentenceFor(TarBuilder().HardLink("x", "../../etc/passwd").Finish()),
              HasSubstr("has \"..\" in its path"));
  // An absolute path and a symlink to one are the container's, not the host's.
  Stack(TarBuilder()
            .File(outside + "/absolute", "1")
            .Symlink("link", outside.c_str())
            .File("link/through", "1")
            .Symlink("up", "../../../../../../../../../..")
            .File(StrCat("up", outside, "/up"), "1")
            .Finish());

  EXPECT_NE(::rmdir(outside.c_str()), -1) << "something was written to " << outside;
  EXPECT_EQ(ReadFile(StrCat(Top(""), outside, "/absolute")).value(), "1");
  EXPECT_EQ(ReadFile(StrCat(Top(""), outside, "/through")).value(), "1");
  EXPECT_EQ(ReadFile(StrCat(Top(""), outside, "/up")).value(), "1");
}

TEST_F(LayerTest, AHardLinkToASymlinkDoesNotFollowIt) {
  EXPECT_THAT(SentenceFor(TarBuilder().Symlink("s", "/etc/passwd").HardLink("h", "s").Finish()),
              "accepted");
}

TEST_F(LayerTest, OverlaysOwnMarksAreNotTaken) {
  EXPECT_EQ(SentenceFor(TarBuilder().CharDevice("x", 0, 0).Finish()),
            "layer: \"x\": is a character device 0:0");
  Stack(TarBuilder().FileWithXattr("f", "trusted.overlay.redirect", "/etc").Finish());
  char value[64];
  EXPECT_EQ(::getxattr(Top("f").c_str(), "trusted.overlay.redirect", value, sizeof value), -1);
  EXPECT_EQ(SentenceFor(TarBuilder().File("d/.wh...", "").Finish()),
            "layer: \"d/.wh...\": is a whiteout of nothing");
}

TEST_F(LayerTest, DamagedContentsAndWrongDigestsLeaveNothing) {
  const std::string tar = TarBuilder(TarBuilder::Packed::kGzip).File("a", "1").Finish();
  const std::string other = Sha256Of("other");

  const auto wrong_file = Make(tar, {.file_digest = other});
  const auto wrong_content = Make(tar, {.diff_id = other});
  const auto cut = Make(tar.substr(0, tar.size() / 2));

  ASSERT_FALSE(wrong_file);
  EXPECT_EQ(wrong_file.error().message(),
            StrCat("layer: digest of the file is ", Sha256Of(tar), " instead of ", other));
  ASSERT_FALSE(wrong_content);
  EXPECT_THAT(wrong_content.error().message(),
              HasSubstr("layer: digest of the contents is sha256:"));
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code(), Code::kInvalidSpec);
  EXPECT_NE(::rmdir((temp_ / "store/layers").c_str()), -1) << "a layer was left";
  EXPECT_NE(::rmdir((temp_ / "store/tmp").c_str()), -1) << "a draft was left";
}

TEST_F(LayerTest, AllPackingsGiveTheSameLayer) {
  std::vector<std::string> ids;
  for (const auto packed :
       {TarBuilder::Packed::kNo, TarBuilder::Packed::kGzip, TarBuilder::Packed::kZstd}) {
    const auto made = Make(TarBuilder(packed).File("a", std::string(300'000, 'x')).Finish());
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(made->size_bytes, 300'000u);
    ids.push_back(made->chain_id);
  }
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_EQ(ids[0], ids[2]);
}

TEST_F(LayerTest, ManyLayersCanBeMountedInBothWays) {
  for (int i = 0; i < 40; ++i) Stack(TarBuilder().File(StrCat("f", i), "1").Finish());
  ASSERT_EQ(::mkdir((temp_ / "u2").c_str(), 0755), 0);
  ASSERT_EQ(::mkdir((temp_ / "w2").c_str(), 0755), 0);

  const UniqueFd one = View();
  const auto two = MountOverlay(
      {.lower = folders_.LayerPaths(chain_), .upper = temp_ / "u2", .work = temp_ / "w2"},
      OverlayWay::kOneString);

  ASSERT_TRUE(two) << two.error().message();
  for (const char* const path : {"f0", "f39"}) {
    EXPECT_EQ(Read(one, path), "1");
    EXPECT_EQ(Read(*two, path), "1");
  }
}

TEST_F(LayerTest, TheKernelsWordsAreInTheErrorOfAFailedMount) {
  Stack(TarBuilder().File("a", "1").Finish());

  const auto mount =
      MountOverlay({.lower = folders_.LayerPaths(chain_), .upper = "/proc", .work = "/proc"});

  ASSERT_FALSE(mount);
  EXPECT_THAT(mount.error().message(), testing::MatchesRegex(".*upperdir.*|.*create mount.*"));
}

}  // namespace
}  // namespace caisson::image
