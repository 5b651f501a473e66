// SPDX-License-Identifier: Apache-2.0
// What a process that joins a running container gets, where other tests look at the first one.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "tests/integration/escape/fixture.h"

namespace caisson::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class EscapeByExec : public EscapeTest {
 protected:
  void StartIdle(std::string_view first = "") {
    StartContainer({"/bin/sh", "-c", StrCat(first, " echo ready; sleep 60")});
    ASSERT_TRUE(AwaitOutput("ready")) << OutputOfContainer();
  }
};

TEST_F(EscapeByExec, Cve2020_GhsaG54h_UnlistedDevicesStayShut) {
  Allow("CAP_MKNOD");
  config_.mounts.push_back({.destination = "/dev/shm", .type = "tmpfs", .source = "tmpfs"});
  StartIdle();

  EXPECT_EQ(ExecIn({}, {"/bin/probe", "devices"}).out, "kmsg: EPERM\nmem: EPERM\nvda: EPERM\n");
}

TEST_F(EscapeByExec, Cve2023_25173_AdditionalGroupsAreTheContainers) {
  config_.process->user.additional_gids = {7, 8};
  StartIdle();

  EXPECT_EQ(ExecIn({}, {"/bin/grep", "^Groups", "/proc/self/status"}).out, "Groups:\t7 8 \n");
}

TEST_F(EscapeByExec, Cve2023_25809_TheCgroupTreeIsReadonly) {
  StartIdle();

  const auto ran = ExecIn({}, {"/bin/sh", "-c",
                               "for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $d/evil && echo "
                               "made $d; done; echo end"});

  EXPECT_EQ(ran.out, "end\n");
}

// The container has put files of its own where the runtime writes for a process that joins.
TEST_F(EscapeByExec, Cve2025_52881_TheContainersProcIsNotTrusted) {
  Allow("CAP_SYS_ADMIN");
  config_.linux.masked_paths.clear();
  config_.linux.readonly_paths.clear();
  const std::string before = *ReadFile("/proc/sys/kernel/core_pattern");
  config_.process->oom_score_adj = 321;
  // The core pattern, by a name that survives the new mount, stands where writes might go.
  StartIdle(
      "/bin/busybox mkdir /pattern; mount -o bind /proc/sys/kernel /pattern; mount -t tmpfs t "
      "/proc; /bin/busybox mkdir -p /proc/self/attr /proc/self/fd /proc/thread-self/attr; for f in "
      "self/attr/exec self/oom_score_adj self/setgroups thread-self/attr/exec; do "
      "/bin/busybox ln -s /pattern/core_pattern /proc/$f; done;");

  const auto ran = ExecIn({}, {"/bin/id", "-u"});

  EXPECT_EQ(ran.out, "0\n") << ran.err;
  EXPECT_EQ(*ReadFile("/proc/sys/kernel/core_pattern"), before);
}

TEST_F(EscapeByExec, AHostDeviceIsNeverChownedInAUserNamespace) {
  struct stat before {};
  ASSERT_EQ(::stat("/dev/null", &before), 0);
  config_.linux.namespaces.push_back({.type = spec::NamespaceType::kUser});
  config_.linux.uid_mappings = {{0, before.st_uid == 100000 ? 200000U : 100000U, 65536}};
  config_.linux.gid_mappings = config_.linux.uid_mappings;
  // A mapped root may not make them in a directory that is not its own.
  for (const char* const name : {"proc", "dev", "sys"}) ASSERT_TRUE(MakeDirs(Root(name), 0755));
  StartIdle();

  EXPECT_EQ(CaissonOnNull({"exec", "--user", "7:7", Id(), "/bin/sh", "-c", "[ $(id -u) = 7 ]"}), 0);
  EXPECT_EQ(CaissonOnNull({"exec", Id(), "/bin/sh", "-c", "[ $(id -u) = 0 ]"}), 0);

  struct stat after {};
  ASSERT_EQ(::stat("/dev/null", &after), 0);
  EXPECT_EQ(after.st_uid, before.st_uid);
  EXPECT_EQ(after.st_gid, before.st_gid);
}

TEST_F(EscapeByExec, Cve2019_5736_TheRuntimeAsProgramCannotBeWritten) {
  Link("/proc/self/exe", "bin/again");
  ASSERT_EQ(::mkfifo(Root("fifo").c_str(), 0644), 0);
  config_.process->args = {"/bin/sleep", "60"};
  WriteConfig();
  // All detached, so that no runtime on the host keeps the program busy (ETXTBSY) in the end.
  ASSERT_EQ(CaissonOnNull({"run", "-d", "--bundle", dir_->path(), Id()}), 0);
  ASSERT_EQ(CaissonOnNull(
                {"exec", "-d", Id(), "/bin/sh", "-c", "exec /bin/probe overwrite 20 > /out 2>&1"}),
            0);

  // The runtime's own program, run inside, stays there: it waits for the reader of its log.
  ASSERT_EQ(CaissonOnNull({"exec", "-d", Id(), "/bin/again", "--log", "/fifo", "list"}), 0);

  std::string said;
  const Deadline deadline = Deadline::After(std::chrono::seconds(25));
  while (std::count(said.begin(), said.end(), '\n') < 3 && !deadline.passed())
    said = dir_->Read("rootfs/out");
  EXPECT_THAT(said, HasSubstr("opened"));
  EXPECT_THAT(said, AnyOf(HasSubstr("EROFS"), HasSubstr("EPERM"), HasSubstr("EACCES")));
}

}  // namespace
}  // namespace caisson::test
