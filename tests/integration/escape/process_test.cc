// SPDX-License-Identifier: Apache-2.0
// What a process may do once it runs: capabilities, devices, cgroups, users.
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/escape/fixture.h"
#include "tests/support/need.h"

namespace caisson::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class EscapeByProcess : public EscapeTest {
 protected:
  // CapInh, CapPrm, ... of a program that is run with `exec` and these options.
  std::string ExecStatus(std::vector<std::string> options, const char* wanted) {
    const auto ran = ExecIn(std::move(options), {"/bin/grep", "-E", wanted, "/proc/self/status"});
    EXPECT_EQ(ran.status.code, 0) << ran.err;
    return ran.out;
  }
  void StartIdle() {
    StartContainer({"/bin/sh", "-c", "echo ready; sleep 60"});
    ASSERT_TRUE(AwaitOutput("ready")) << OutputOfContainer();
  }
};

TEST_F(EscapeByProcess, Cve2020_GhsaG54h_UnlistedDevicesStayShut) {
  Allow("CAP_MKNOD");
  config_.mounts.push_back({.destination = "/dev/shm", .type = "tmpfs", .source = "tmpfs"});

  const auto ran = RunContainer({"/bin/probe", "devices"});

  EXPECT_EQ(ran.out, "kmsg: EPERM\nmem: EPERM\nvda: EPERM\n") << ran.err;
}

TEST_F(EscapeByProcess, Cve2022_29162_NothingIsInheritableInRun) {
  const auto ran = RunContainer({"/bin/grep", "-E", "^Cap(Inh|Amb)", "/proc/self/status"});

  EXPECT_EQ(ran.out, "CapInh:\t0000000000000000\nCapAmb:\t0000000000000000\n") << ran.err;
}

TEST_F(EscapeByProcess, Cve2022_27650_NothingIsInheritableInExec) {
  StartIdle();

  EXPECT_EQ(ExecStatus({}, "^Cap(Inh|Amb)"),
            "CapInh:\t0000000000000000\nCapAmb:\t0000000000000000\n");
  EXPECT_EQ(ExecStatus({"--cap", "CAP_NET_RAW"}, "^CapInh"), "CapInh:\t0000000000000000\n");
}

TEST_F(EscapeByProcess, Cve2025_27612_AnExecHasTheContainersCapabilities) {
  StartContainer({"/bin/sh", "-c", "grep -E '^Cap' /proc/self/status; echo ready; sleep 60"});
  ASSERT_TRUE(AwaitOutput("ready")) << OutputOfContainer();

  EXPECT_THAT(OutputOfContainer(), HasSubstr(ExecStatus({}, "^Cap")));
}

TEST_F(EscapeByProcess, Cve2026_30892_EveryFormOfTheUserOptionMeansItsNumber) {
  StartIdle();
  struct Case {
    std::vector<std::string> options;
    const char* uid;
    const char* gid;
  };
  const Case cases[] = {{{"-u", "1"}, "1", "0"},
                        {{"--user", "1"}, "1", "0"},
                        {{"--user=1"}, "1", "0"},
                        {{"-u", "1:2"}, "1", "2"},
                        {{"--user=4294967294"}, "4294967294", "0"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(Join(c.options, " "));
    const std::string ids = ExecStatus(c.options, "^(Uid|Gid)");
    EXPECT_THAT(ids, AllOf(HasSubstr(StrCat("Uid:\t", c.uid, "\t")),
                           HasSubstr(StrCat("Gid:\t", c.gid, "\t"))));
  }
}

TEST_F(EscapeByProcess, Cve2024_40635_AUserThatIsNoNumberIsRefused) {
  StartIdle();
  for (const char* user : {"4294967296", "4294967295", "-1", "0x1", "1e3", "root", "", "1:", "1:x",
                           "1 ", "99999999999999999999"}) {
    SCOPED_TRACE(user);
    const auto ran = ExecIn({"--user", user}, {"/bin/id", "-u"});
    EXPECT_NE(ran.status.code, 0);
    EXPECT_THAT(ran.out, Not(HasSubstr("0")));
  }
}

TEST_F(EscapeByProcess, Cve2023_25173_AdditionalGroupsAreExactlyThoseGiven) {
  config_.process->user.additional_gids = {7, 8};

  const auto ran = RunContainer({"/bin/grep", "^Groups", "/proc/self/status"});

  EXPECT_EQ(ran.out, "Groups:\t7 8 \n") << ran.err;
}

TEST_F(EscapeByProcess, Cve2023_25809_TheCgroupTreeIsReadonly) {
  const auto ran = RunContainer(
      {"/bin/sh", "-c",
       "for d in /sys/fs/cgroup /sys/fs/cgroup/*; do mkdir $d/evil && echo made $d; done; "
       "echo 1 > /sys/fs/cgroup/memory/memory.limit_in_bytes; echo end"});

  EXPECT_EQ(ran.out, "end\n");
}

TEST_F(EscapeByProcess, AnExecSubCgroupStaysBelowTheContainers) {
  StartIdle();
  for (const char* path : {"../../..", "/../..", "a/../../..", "memory:../.."}) {
    SCOPED_TRACE(path);
    const auto ran = ExecIn({"--cgroup", path}, {"/bin/true"});
    EXPECT_NE(ran.status.code, 0);
  }
}

TEST_F(EscapeByProcess, AHostDeviceIsNeverChownedByExec) {
  struct stat before;
  ASSERT_EQ(::stat("/dev/null", &before), 0);
  StartIdle();

  EXPECT_EQ(
      CaissonOnNull({"exec", "--user", "1234:1234", Id(), "/bin/sh", "-c", "[ $(id -u) = 1234 ]"}),
      0);

  struct stat after;
  ASSERT_EQ(::stat("/dev/null", &after), 0);
  EXPECT_EQ(after.st_uid, before.st_uid);
  EXPECT_EQ(after.st_gid, before.st_gid);
}

}  // namespace
}  // namespace caisson::test
