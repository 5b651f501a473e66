// SPDX-License-Identifier: Apache-2.0
// Images that are built to make the runtime act outside the container's root.
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "tests/integration/escape/fixture.h"

namespace caisson::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EscapeByImage : public EscapeTest {};

TEST_F(EscapeByImage, Cve2019_18837_ALinkAsMountTargetStaysInside) {
  Link(Outside(), "data");
  config_.mounts.push_back({.destination = "/data/made", .type = "tmpfs", .source = "tmpfs"});

  const auto ran = RunContainer({"/bin/grep", "made", "/proc/mounts"});

  EXPECT_EQ(ran.status.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(StrCat(Outside(), "/made tmpfs")));
}

TEST_F(EscapeByImage, Cve2019_19921_AProcLinkIsRefused) {
  ASSERT_TRUE(MakeDirs(Root("evil"), 0755));
  Link("evil", "proc");

  const auto ran = RunContainer();

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(
      ran.err,
      HasSubstr(R"(mount #0 proc on \"/proc\": \"/proc\" must be mounted on ordinary directory)"));
}

TEST_F(EscapeByImage, Cve2025_54867_ASysLinkIsRefused) {
  Link("/proc", "sys");

  const auto ran = RunContainer();

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(ran.err, HasSubstr(R"(\"/sys\" must be mounted on ordinary directory)"));
}

TEST_F(EscapeByImage, Cve2019_16884_NothingButProcfsLiesOnProc) {
  ASSERT_TRUE(MakeDirs(*dir_ / "volume/self/attr", 0755));
  config_.mounts.push_back(
      {.destination = "/proc", .type = "bind", .source = *dir_ / "volume", .options = {"rbind"}});

  const auto ran = RunContainer();

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(ran.err, HasSubstr(R"(only a procfs may lie on \"/proc\")"));
}

TEST_F(EscapeByImage, Cve2019_16884_NothingCoversPartsOfProc) {
  ASSERT_TRUE(MakeDirs(*dir_ / "volume", 0755));
  for (const char* target : {"/proc/self/attr", "/proc/sys", "/etc/../proc/1", "//proc/tty/"}) {
    SCOPED_TRACE(target);
    const spec::Config before = config_;
    config_.mounts.push_back(
        {.destination = target, .type = "bind", .source = *dir_ / "volume", .options = {"rbind"}});

    const auto ran = RunContainer();

    EXPECT_EQ(ran.status.code, 1);
    EXPECT_THAT(ran.err, HasSubstr("lies inside /proc"));
    config_ = before;
  }
}

TEST_F(EscapeByImage, Cve2024_45310_DirectoriesAreMadeInsideOnly) {
  Link(Outside(), "a");
  Link(StrCat("../../../../../../../..", Outside()), "b");
  ASSERT_TRUE(MakeDirs(*dir_ / "volume", 0755));
  for (const char* const target : {"/a/b/c", "/b/c/d"})
    config_.mounts.push_back(
        {.destination = target, .type = "bind", .source = *dir_ / "volume", .options = {"bind"}});

  const auto ran = RunContainer();

  EXPECT_EQ(ran.status.code, 0) << ran.err;
}

TEST_F(EscapeByImage, ALinkAsASourceInTheRootReachesNoHostFile) {
  dir_->Write("secret/file", "HOST");
  Link(StrCat("../../../../../../../..", *dir_ / "secret"), "relative");
  Link(*dir_ / "secret", "absolute");
  Link("/proc/1/root", "magic");
  for (const char* const name : {"relative", "absolute", "magic", "absolute/file"}) {
    SCOPED_TRACE(name);
    const spec::Config before = config_;
    config_.mounts.push_back(
        {.destination = "/data", .type = "bind", .source = Root(name), .options = {"rbind"}});

    const auto ran = RunContainer({"/bin/cat", "/data/file", "/data"});

    EXPECT_EQ(ran.status.code, 1);
    EXPECT_THAT(ran.err, HasSubstr("open in the root"));
    EXPECT_THAT(ran.out, Not(HasSubstr("HOST")));
    config_ = before;
  }
}

TEST_F(EscapeByImage, Cve2026_41579_AnAbsoluteDevLinkReachesNoHostFile) {
  DropMounts("/dev");
  Link(Outside(), "dev");

  (void)RunContainer({"/bin/ls", "-l", "/dev/"});
}

TEST_F(EscapeByImage, Cve2026_41579_ARelativeDevLinkReachesNoHostFile) {
  DropMounts("/dev");
  Link(StrCat("../../../../../..", Outside()), "dev");

  (void)RunContainer({"/bin/ls", "-l", "/dev/"});
}

TEST_F(EscapeByImage, Cve2026_47766_ADevLinkUnderTheTmpfsReachesNoHostFile) {
  for (const std::string& text : {Outside(), StrCat("../../../../..", Outside())}) {
    ::unlink(Root("dev").c_str());
    Link(text, "dev");

    const auto ran = RunContainer({"/bin/stat", "-c", "%t:%T", StrCat(Outside(), "/null")});

    EXPECT_EQ(ran.out, "1:3\n") << ran.err;
  }
}

TEST_F(EscapeByImage, Cve2025_31133_ANullLinkIsNoMaskAndNoWayIntoProc) {
  DropMounts("/dev");
  ASSERT_TRUE(MakeDirs(Root("dev"), 0755));
  Link("/proc/sys/kernel/core_pattern", "dev/null");
  const std::string before = *ReadFile("/proc/sys/kernel/core_pattern");

  const auto ran = RunContainer({"/bin/sh", "-c", "echo '|/evil' > /proc/timer_list"});

  EXPECT_NE(ran.status.code, 0);
  EXPECT_EQ(*ReadFile("/proc/sys/kernel/core_pattern"), before);
}

TEST_F(EscapeByImage, Cve2025_31133_WritesToAMaskGoToTheNullDevice) {
  const std::string before = *ReadFile("/proc/sys/kernel/core_pattern");

  const auto ran = RunContainer({"/bin/sh", "-c",
                                 "echo '|/evil' > /proc/timer_list; stat -c %t:%T /proc/timer_list;"
                                 "mount | grep -c 'core_pattern'; ls /sys/firmware"});

  EXPECT_EQ(ran.out, "1:3\n0\n");
  EXPECT_EQ(*ReadFile("/proc/sys/kernel/core_pattern"), before);
}

TEST_F(EscapeByImage, Cve2025_24965_AConfigurationInTheRootIsNotTheBundles) {
  dir_->Write("rootfs/config.json", "{\"evil\": true}");
  Link(*dir_ / "outside/written", "run");

  EXPECT_EQ(RunContainer().status.code, 0);
}

TEST_F(EscapeByImage, Cve2016_3697_ANumberIsNoUserName) {
  dir_->Write("rootfs/etc/passwd", "1000:x:0:0:root:/root:/bin/sh\n");
  dir_->Write("rootfs/etc/group", "1000:x:0:\n");
  config_.process->user.uid = 1000;
  config_.process->user.gid = 1000;

  const auto ran = RunContainer({"/bin/sh", "-c", "grep -E '^(Uid|Gid)' /proc/self/status"});

  EXPECT_EQ(ran.out, "Uid:\t1000\t1000\t1000\t1000\nGid:\t1000\t1000\t1000\t1000\n") << ran.err;
}

TEST_F(EscapeByImage, AHostDeviceIsNeverChownedThroughStdio) {
  struct stat before;
  ASSERT_EQ(::stat("/dev/null", &before), 0);
  config_.process->user.uid = 1234;
  config_.process->user.gid = 1234;
  config_.process->args = {"/bin/sh", "-c", "[ $(id -u) = 1234 ]"};
  WriteConfig();

  EXPECT_EQ(CaissonOnNull({"run", "--bundle", dir_->path(), Id()}), 0);

  struct stat after;
  ASSERT_EQ(::stat("/dev/null", &after), 0);
  EXPECT_EQ(after.st_uid, before.st_uid);
  EXPECT_EQ(after.st_gid, before.st_gid);
}

TEST_F(EscapeByImage, Cve2026_55686_AWorkingDirectoryLinkMakesNothingOutside) {
  for (const char* const below : {"", "/made"}) {
    ::unlink(Root("work").c_str());
    Link(StrCat(Outside(), below), "work");
    config_.process->cwd = "/work/deep";

    const auto ran = RunContainer({"/bin/sh", "-c", "pwd -P"});

    EXPECT_EQ(ran.out, StrCat(Outside(), below, "/deep\n")) << ran.err;
  }
}

}  // namespace
}  // namespace caisson::test
