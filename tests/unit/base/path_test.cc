// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/path.h"

#include <gmock/gmock.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/support/temp_dir.h"

namespace caisson {
namespace {

using test::TempDir;
using testing::HasSubstr;

TEST(CleanPath, NeverClimbsAboveItsStart) {
  EXPECT_EQ(CleanPath("/a/./b/../c//"), "/a/c");
  EXPECT_EQ(CleanPath("/../../etc"), "/etc");
  EXPECT_EQ(CleanPath("../x"), "x");
  EXPECT_EQ(CleanPath("/"), "/");
  EXPECT_EQ(CleanPath(""), ".");
}

TEST(OpenInRoot, AbsoluteSymlinkStaysInside) {
  const TempDir dir;
  dir.Write("etc/passwd", "inside");
  ASSERT_EQ(::symlink("/etc/passwd", (dir / "link").c_str()), 0);

  const auto fd = OpenInRoot(dir.Open(), "link", O_RDONLY);

  ASSERT_TRUE(fd) << fd.error().message();
  EXPECT_EQ(*ReadFd(*fd, "link"), "inside");
}

TEST(MakeDirsInRoot, SymlinkToTheHostMakesDirectoriesInside) {
  const TempDir dir;
  const TempDir host;
  ASSERT_EQ(::symlink(host.path().c_str(), (dir / "out").c_str()), 0);

  const auto made = MakeDirsInRoot(dir.Open(), "out/sub", 0755);

  // The link dangles inside the root, so nothing can be made through it, and nothing was outside.
  ASSERT_FALSE(made);
  EXPECT_NE(::access((host / "sub").c_str(), F_OK), 0);
}

TEST(MakeDirsInRoot, ExistingPartsMayBeSymlinks) {
  const TempDir dir;
  dir.Write("real/file", "");
  ASSERT_EQ(::symlink("/real", (dir / "link").c_str()), 0);

  const auto made = MakeDirsInRoot(dir.Open(), "link/a/b", 0755);

  ASSERT_TRUE(made) << made.error().message();
  struct stat info {};
  EXPECT_EQ(::stat((dir / "real/a/b").c_str(), &info), 0);
}

TEST(RemoveTree, DoesNotFollowSymlinks) {
  const TempDir dir;
  const TempDir other;
  other.Write("keep", "x");
  dir.Write("tree/sub/file", "x");
  ASSERT_EQ(::symlink(other.path().c_str(), (dir / "tree/link").c_str()), 0);

  const Status removed = RemoveTree(dir.Open(), "tree");

  ASSERT_TRUE(removed) << removed.error().message();
  EXPECT_NE(::access((dir / "tree").c_str(), F_OK), 0);
  EXPECT_EQ(other.Read("keep"), "x");
}

// Lets this process open no descriptor from `limit` on.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &before_), 0);
    const rlimit lower{limit, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &lower), 0);
  }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;
  ~DescriptorLimit() { (void)::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(RemoveTree, NeedsNoDescriptorForEachLevel) {
  constexpr int kLevels = 5000;
  const TempDir dir;
  UniqueFd at = dir.Open();
  for (int level = 0; level < kLevels; ++level) {
    ASSERT_EQ(::mkdirat(at.get(), "deep", 0755), 0) << level;
    if (level % 100 == 0) {
      ASSERT_EQ(::mkdirat(at.get(), "beside", 0755), 0) << level;
      ASSERT_TRUE(OpenAt(at, "file", O_CREAT | O_WRONLY, 0644));
    }
    auto next = OpenAt(at, "deep", O_PATH | O_DIRECTORY);
    ASSERT_TRUE(next) << next.error().message();
    at = std::move(next).value();
  }
  const UniqueFd top = dir.Open();
  const DescriptorLimit limit(static_cast<rlim_t>(top.get()) + 4);

  const Status removed = RemoveTree(top, "deep");

  ASSERT_TRUE(removed) << removed.error().message();
  EXPECT_NE(::access((dir / "deep").c_str(), F_OK), 0);
  EXPECT_EQ(::access((dir / "beside").c_str(), F_OK), 0);
}

TEST(OpenAt, ErrorNamesCallOperandAndErrno) {
  const auto fd = OpenAt(kCwd, "/no/such/file", O_RDONLY);

  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().code(), Code::kNotFound);
  EXPECT_EQ(fd.error().message(), "open \"/no/such/file\": No such file or directory (ENOENT)");
}

}  // namespace
}  // namespace caisson
