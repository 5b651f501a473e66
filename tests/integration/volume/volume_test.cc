// SPDX-License-Identifier: Apache-2.0
#include "agent/volume/volume.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "tests/support/need.h"
#include "tests/support/temp_dir.h"

namespace caisson::volume {
namespace {

using test::Need;
using test::TempDir;
using testing::HasSubstr;

class VolumeTest : public testing::Test {
 protected:
  void SetUp() override { CAISSON_REQUIRE(Need::kRoot); }
  PodVolumes Pod() {
    return PodVolumes::Open(
               {.data = temp_ / "data", .run = temp_ / "run", .host_root = temp_ / "host"}, "uid-1")
        .value();
  }
  void TearDown() override {
    if (IsSkipped()) return;
    EXPECT_TRUE(Pod().RemoveAll());
  }
  static struct stat StatOf(const UniqueFd& tree, const std::string& path = "") {
    struct stat info {};
    EXPECT_EQ(::fstatat(tree.get(), path.c_str(), &info, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW), 0)
        << path;
    return info;
  }
  UniqueFd Open(const std::string& name, const Source& source, const std::string& sub = "") {
    auto tree = Pod().OpenTree(name, source, sub);
    if (!tree) ADD_FAILURE() << tree.error().message();
    return tree ? *std::move(tree) : UniqueFd();
  }
  TempDir temp_;
};

TEST_F(VolumeTest, AnEmptyDirIsOpenToAllAndKeepsItsContents) {
  const Source source = EmptyDir{};
  ASSERT_TRUE(Pod().Prepare("cache", source, 2000));
  const UniqueFd tree = Open("cache", source);
  ASSERT_TRUE(AtomicWriteAt(tree, "x", "1", 0644, Durability::kThisBoot));

  ASSERT_TRUE(Pod().Prepare("cache", source, 2000));
  const UniqueFd again = Open("cache", source);

  EXPECT_EQ(ReadFileAt(again, "x").value(), "1");
  EXPECT_EQ(StatOf(again).st_mode & 07777, 02777u);
  EXPECT_EQ(StatOf(again, "x").st_gid, 2000u);
  EXPECT_GT(Pod().ReadUsage("cache", source).value(), 0u);
}

TEST_F(VolumeTest, AMemoryVolumeHasItsOwnSizeAndGoesWithThePod) {
  const Source source = EmptyDir{.memory = true, .size_limit_bytes = 1u << 20};
  ASSERT_TRUE(Pod().Prepare("mem", source));
  ASSERT_TRUE(Pod().Prepare("mem", source));
  {
    const UniqueFd tree = Open("mem", source);
    struct statfs info {};
    ASSERT_EQ(::fstatfs(tree.get(), &info), 0);
    EXPECT_EQ(info.f_blocks * static_cast<std::uint64_t>(info.f_bsize), 1u << 20);
    const Status too_much =
        AtomicWriteAt(tree, "big", std::string(2u << 20, 'x'), 0644, Durability::kThisBoot);
    ASSERT_FALSE(too_much);
    EXPECT_THAT(too_much.error().message(), HasSubstr("ENOSPC"));
    EXPECT_LE(Pod().ReadUsage("mem", source).value(), 1u << 20);
  }

  ASSERT_TRUE(Pod().RemoveAll());

  EXPECT_THAT(ReadFile("/proc/self/mountinfo").value(), testing::Not(HasSubstr(temp_.path())));
  struct stat info {};
  EXPECT_EQ(::stat((temp_ / "run/pods/uid-1").c_str(), &info), -1);
}

TEST_F(VolumeTest, FilesAreReplacedAtOnceUnderTheDataLink) {
  Files files{.files = {{"key", "old", 0400}, {"tls/cert.pem", "c", 0644}, {"gone", "g", 0644}},
              .secret = true};
  ASSERT_TRUE(Pod().Prepare("conf", files, 3000));
  const UniqueFd tree = Open("conf", files);
  EXPECT_EQ(ReadFileAt(tree, "key").value(), "old");
  EXPECT_EQ(ReadFileAt(tree, "tls/cert.pem").value(), "c");
  EXPECT_EQ(StatOf(tree, "..data/key").st_mode & 07777, 0440u);
  EXPECT_EQ(StatOf(tree, "..data/key").st_gid, 3000u);
  EXPECT_TRUE(S_ISLNK(StatOf(tree, "key").st_mode));
  EXPECT_FALSE(Pod().Update("conf", files, 3000).value());

  files.files = {{"key", "new", 0400}, {"tls/cert.pem", "c", 0644}, {"more", "m", 0644}};
  const auto changed = Pod().Update("conf", files, 3000);

  ASSERT_TRUE(changed) << changed.error().message();
  EXPECT_TRUE(*changed);
  EXPECT_EQ(ReadFileAt(tree, "key").value(), "new");
  EXPECT_EQ(ReadFileAt(tree, "more").value(), "m");
  EXPECT_FALSE(ReadFileAt(tree, "gone"));
}

TEST_F(VolumeTest, AnEmptyConfigMapIsAnEmptyVolume) {
  ASSERT_TRUE(Pod().Prepare("conf", Files{}));
  EXPECT_FALSE(Pod().Update("conf", Files{}).value());
}

TEST_F(VolumeTest, CVE_2025_9566_LinksLeftByAContainerAreNotWrittenThrough) {
  temp_.Write("victim", "untouched");
  const std::string victim = temp_ / "victim";
  Files files{.files = {{"key", "old", 0644}}};
  ASSERT_TRUE(Pod().Prepare("conf", files));
  const std::string volume = temp_ / "data/pods/uid-1/volumes/conf";
  for (const char* const name : {"key", "..data_tmp", "..data"}) {
    ::unlink(StrCat(volume, "/", name).c_str());
    ASSERT_EQ(::symlink(victim.c_str(), StrCat(volume, "/", name).c_str()), 0);
  }

  files.files[0].bytes = "new";
  ASSERT_TRUE(Pod().Prepare("conf", files));

  EXPECT_EQ(temp_.Read("victim"), "untouched");
  EXPECT_EQ(ReadFileAt(Open("conf", files), "key").value(), "new");
}

TEST_F(VolumeTest, FileNamesThatLeaveTheVolumeAreRefused) {
  for (const auto& [path, why] :
       std::vector<std::pair<std::string, std::string>>{{"../x", "begins with \"..\""},
                                                        {"..data", "begins with \"..\""},
                                                        {"a/../x", "has \"..\" in its path"},
                                                        {"/x", "has an absolute path"},
                                                        {"a//b", "has an empty part in its path"},
                                                        {"", "has no name"}}) {
    SCOPED_TRACE(path);
    const Status status = Pod().Prepare("conf", Files{.files = {{path, "", 0644}}});
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().message(), StrCat("volume \"conf\": file \"", path, "\" ", why));
  }
  EXPECT_EQ(Pod().Prepare("../x", EmptyDir{}).error().message(), "volume \"../x\" is no name");
  EXPECT_EQ(PodVolumes::Open({}, "a/b").error().message(), "pod uid \"a/b\" is no name");
}

TEST_F(VolumeTest, CVE_2021_25741_ASubPathCannotLeave) {
  const Source source = EmptyDir{};
  ASSERT_TRUE(Pod().Prepare("v", source));
  const UniqueFd tree = Open("v", source);
  ASSERT_EQ(::symlinkat("/etc", tree.get(), "absolute"), 0);
  ASSERT_EQ(::symlinkat("../../../..", tree.get(), "up"), 0);
  ASSERT_EQ(::mkdirat(tree.get(), "real", 0755), 0);
  ASSERT_EQ(::symlinkat("real", tree.get(), "inside"), 0);

  for (const char* const path : {"absolute", "up", "up/x", "../v", "/etc", "a/../.."}) {
    SCOPED_TRACE(path);
    const auto opened = Pod().OpenTree("v", source, path);
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Code::kInvalidSpec);
    EXPECT_EQ(opened.error().message(),
              StrCat("volume \"v\": subPath \"", path, "\" leads outside the volume"));
  }
  EXPECT_EQ(StatOf(Open("v", source, "inside")).st_ino, StatOf(tree, "real").st_ino);
  EXPECT_TRUE(S_ISDIR(StatOf(Open("v", source, "new/deep")).st_mode));
  EXPECT_EQ(StatOf(Open("v", source, "new/deep")).st_ino, StatOf(tree, "new/deep").st_ino);
}

TEST_F(VolumeTest, HostPathsAreCheckedForTheirKind) {
  temp_.Write("host/dir/file", "x");
  const auto prepare = [&](std::string path, HostPathType type) {
    const Status status = Pod().Prepare("h", HostPath{std::move(path), type});
    return status ? "fine" : status.error().message();
  };
  EXPECT_EQ(prepare("/dir", HostPathType::kDirectory), "fine");
  EXPECT_EQ(prepare("/dir/file", HostPathType::kFile), "fine");
  EXPECT_EQ(prepare("/dir/file", HostPathType::kUnset), "fine");
  EXPECT_EQ(prepare("/new/dir", HostPathType::kDirectoryOrCreate), "fine");
  EXPECT_EQ(prepare("/dir/made", HostPathType::kFileOrCreate), "fine");
  EXPECT_EQ(prepare("/dir", HostPathType::kFile),
            "volume \"h\": hostPath \"/dir\" is not a regular file");
  EXPECT_EQ(prepare("/dir/file", HostPathType::kSocket),
            "volume \"h\": hostPath \"/dir/file\" is not a socket");
  EXPECT_EQ(prepare("/dir/file", HostPathType::kBlockDevice),
            "volume \"h\": hostPath \"/dir/file\" is not a block device");
  EXPECT_EQ(prepare("/absent", HostPathType::kDirectory),
            "volume \"h\": hostPath: openat2 \"/absent\": No such file or directory (ENOENT)");
  EXPECT_EQ(prepare("dir", HostPathType::kUnset), "volume \"h\": hostPath \"dir\" is not absolute");
  EXPECT_EQ(prepare("/dir/../x", HostPathType::kUnset),
            "volume \"h\": hostPath \"/dir/../x\" has \"..\"");
  EXPECT_EQ(ReadFileAt(Open("h", HostPath{"/dir"}), "file").value(), "x");
}

TEST_F(VolumeTest, RemovingAPodLeavesHostPathsAlone) {
  temp_.Write("host/dir/file", "x");
  ASSERT_TRUE(Pod().Prepare("h", HostPath{"/dir"}));
  ASSERT_TRUE(Pod().Prepare("e", EmptyDir{}));
  ASSERT_TRUE(Pod().Prepare("s", Files{.files = {{"k", "v", 0644}}, .secret = true}));

  ASSERT_TRUE(Pod().RemoveAll());
  ASSERT_TRUE(Pod().RemoveAll());

  EXPECT_EQ(temp_.Read("host/dir/file"), "x");
  struct stat info {};
  EXPECT_EQ(::stat((temp_ / "data/pods/uid-1").c_str(), &info), -1);
  EXPECT_EQ(::stat((temp_ / "run/pods/uid-1").c_str(), &info), -1);
}

}  // namespace
}  // namespace caisson::volume
