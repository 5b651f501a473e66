// SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <memory>

#include "runtime/security/seccomp.h"
#include "tests/support/temp_dir.h"

namespace caisson::security {
namespace {

using test::TempDir;

spec::Seccomp Profile(std::uint32_t errno_ret) {
  spec::Seccomp profile;
  profile.default_action = "SCMP_ACT_ALLOW";
  profile.syscalls.push_back(
      {.names = {"getppid"}, .action = "SCMP_ACT_ERRNO", .errno_ret = errno_ret});
  return profile;
}

class SeccompCache : public testing::Test {
 protected:
  std::string Program(std::uint32_t errno_ret) {
    auto filter = CompileSeccompCached(Profile(errno_ret), dir_ / "cache");
    if (!filter) ADD_FAILURE() << filter.error().message();
    return filter ? filter->program : std::string();
  }
  static std::string Fresh(std::uint32_t errno_ret) {
    return CompileSeccomp(Profile(errno_ret))->program;
  }
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    const std::unique_ptr<DIR, int (*)(DIR*)> stream(::opendir((dir_ / "cache").c_str()),
                                                     ::closedir);
    while (const dirent* entry = stream ? ::readdir(stream.get()) : nullptr) {
      if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
    }
    return names;
  }
  std::string OnlyFile() const { return StrCat("cache/", Files().at(0)); }

  TempDir dir_;
};

TEST_F(SeccompCache, SecondTimeComesFromTheOneFileOfMode0600) {
  EXPECT_EQ(Program(11), Fresh(11));
  ASSERT_EQ(Files().size(), 1u);
  struct stat info {};
  ASSERT_EQ(::stat((dir_ / OnlyFile()).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  const auto inode = info.st_ino;

  EXPECT_EQ(Program(11), Fresh(11));
  ASSERT_EQ(::stat((dir_ / OnlyFile()).c_str(), &info), 0);
  EXPECT_EQ(info.st_ino, inode) << "it was written again";
}

TEST_F(SeccompCache, EveryChangedByteIsNoticed) {
  const std::string fresh = Program(12);
  const std::string name = OnlyFile();
  const std::string good = dir_.Read(name);
  for (std::size_t at = 0; at < good.size(); at += 7) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    dir_.Write(name, bad);
    ::chmod((dir_ / name).c_str(), 0600);
    EXPECT_EQ(Program(12), fresh) << at;
  }
}

TEST_F(SeccompCache, AnotherProfileUnderTheNameIsNotTaken) {
  (void)Program(13);
  const std::string name = OnlyFile();
  const std::string first = dir_.Read(name);
  ASSERT_EQ(::unlink((dir_ / name).c_str()), 0);
  (void)Program(14);
  dir_.Write(OnlyFile(), first);
  ::chmod((dir_ / OnlyFile()).c_str(), 0600);

  EXPECT_EQ(Program(14), Fresh(14));
}

TEST_F(SeccompCache, FileThatOthersCanWriteIsNotTaken) {
  (void)Program(15);
  const std::string path = dir_ / OnlyFile();
  ASSERT_EQ(::chmod(path.c_str(), 0666), 0);

  EXPECT_EQ(Program(15), Fresh(15));
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u) << "replaced by one of ours";
}

TEST_F(SeccompCache, LinkOrFifoInPlaceOfTheFileIsNotTaken) {
  (void)Program(16);
  const std::string path = dir_ / OnlyFile();
  ASSERT_EQ(::rename(path.c_str(), (dir_ / "elsewhere").c_str()), 0);
  ASSERT_EQ(::symlink("../elsewhere", path.c_str()), 0);
  EXPECT_EQ(Program(16), Fresh(16));

  ASSERT_EQ(::unlink(path.c_str()), 0);
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(Program(16), Fresh(16));
}

TEST_F(SeccompCache, DirectoryThatOthersCanWriteIsNotUsed) {
  ASSERT_EQ(::mkdir((dir_ / "cache").c_str(), 0777), 0);
  ASSERT_EQ(::chmod((dir_ / "cache").c_str(), 0777), 0);

  EXPECT_EQ(Program(17), Fresh(17));
  EXPECT_TRUE(Files().empty());
}

TEST_F(SeccompCache, NeverHoldsMoreThanItsLimit) {
  for (std::uint32_t err = 1; err <= 80; ++err) (void)Program(err);
  EXPECT_LE(Files().size(), 64u);
}

TEST_F(SeccompCache, MistakesAreStillMistakes) {
  spec::Seccomp profile = Profile(1);
  profile.default_action = "SCMP_ACT_NEVER";

  const auto filter = CompileSeccompCached(profile, dir_ / "cache");

  ASSERT_FALSE(filter);
  EXPECT_EQ(filter.error().message(),
            "linux.seccomp.defaultAction: unknown action \"SCMP_ACT_NEVER\"");
}

}  // namespace
}  // namespace caisson::security
