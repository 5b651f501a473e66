// SPDX-License-Identifier: Apache-2.0
// rlimits, identity and the small attributes, in forked children.
#include "runtime/process/attributes.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "runtime/base/file.h"
#include "runtime/process/identity.h"
#include "runtime/process/rlimits.h"
#include "tests/support/in_child.h"
#include "tests/support/need.h"

namespace caisson::process {
namespace {

using test::InChild;
using test::Need;
using testing::HasSubstr;

std::string Sentence(const std::vector<spec::Rlimit>& rlimits) {
  const auto steps = PlanRlimits(rlimits);
  return steps ? "no error" : steps.error().message();
}

TEST(PlanRlimits, KnowsEveryNameOfTheKernel) {
  for (int resource = 0; resource < static_cast<int>(RLIM_NLIMITS); ++resource) {
    ASSERT_NE(RlimitName(resource), "") << resource;
    EXPECT_EQ(RlimitNumber(RlimitName(resource)), resource);
  }
}

TEST(PlanRlimits, MistakesNameTheEntry) {
  EXPECT_EQ(Sentence({{"RLIMIT_JOY", 1, 1}}),
            "process.rlimits[0]: \"RLIMIT_JOY\" is not a resource limit");
  EXPECT_EQ(Sentence({{"RLIMIT_CORE", 1, 1}, {"RLIMIT_CORE", 1, 1}}),
            "process.rlimits[1]: \"RLIMIT_CORE\" is given twice");
  EXPECT_EQ(Sentence({{.type = "RLIMIT_CORE", .hard = 1, .soft = RLIM_INFINITY}}),
            "process.rlimits[0]: \"RLIMIT_CORE\" has soft unlimited above hard 1");
}

TEST(ApplyRlimits, ProcessHasThem) {
  const auto child = InChild([]() -> std::string {
    const auto steps = PlanRlimits({{.type = "RLIMIT_NOFILE", .hard = 200, .soft = 100},
                                    {.type = "RLIMIT_CORE", .hard = 0, .soft = 0}});
    if (!ApplyRlimits(0, steps->data(), steps->size()).ok()) return "apply";
    rlimit files{};
    rlimit core{1, 1};
    ::getrlimit(RLIMIT_NOFILE, &files);
    ::getrlimit(RLIMIT_CORE, &core);
    return StrCat(files.rlim_cur, " ", files.rlim_max, " ", core.rlim_max);
  });

  EXPECT_EQ(child.said, "100 200 0");
}

TEST(ApplyRlimits, RaisingWithoutTheRightSaysSo) {
  CAISSON_REQUIRE(Need::kRoot);
  const auto child = InChild([]() -> std::string {
    const auto low = PlanRlimits({{.type = "RLIMIT_NOFILE", .hard = 200, .soft = 100}});
    const auto high = PlanRlimits({{.type = "RLIMIT_NOFILE", .hard = 300, .soft = 300}});
    if (!ApplyRlimits(0, low->data(), 1).ok()) return "low";
    if (::setresuid(1234, 1234, 1234) != 0) return "setresuid";
    return ExplainRlimit(*high, ApplyRlimits(0, high->data(), 1)).ToString();
  });

  EXPECT_THAT(child.said,
              HasSubstr("process.rlimits[0] (soft 300, hard 300): setrlimit \"RLIMIT_NOFILE\": "
                        "Operation not permitted (EPERM) (try: stay below"));
}

TEST(PlanIdentity, MistakesNameTheMember) {
  const auto sentence = [](const spec::User& user, SetGroups set_groups = SetGroups::kAllowed) {
    const auto identity = PlanIdentity(user, set_groups);
    return identity ? "no error" : identity.error().message();
  };
  EXPECT_EQ(sentence({.uid = 4294967295u}), "process.user.uid: 4294967295 is not an id");
  EXPECT_EQ(sentence({.gid = 4294967295u}), "process.user.gid: 4294967295 is not an id");
  EXPECT_EQ(sentence({.umask = 01000}), "process.user.umask: is above 0777");
  EXPECT_EQ(sentence({.additional_gids = {5}}, SetGroups::kDenied),
            "process.user.additionalGids: cannot set any additional groups in a rootless "
            "container");
}

TEST(ApplyIdentity, Cve2023_25173_IdsGroupsAndUmaskAreThoseOfTheConfiguration) {
  CAISSON_REQUIRE(Need::kRoot);
  const spec::User user{.uid = 1234, .gid = 5678, .umask = 0077, .additional_gids = {10, 4000000}};

  const auto child = InChild([&]() -> std::string {
    const auto identity = PlanIdentity(user, SetGroups::kAllowed);
    if (!ApplyIdentity(*identity).ok()) return "apply";
    gid_t groups[4]{};
    const int count = ::getgroups(4, groups);
    return StrCat(::getuid(), " ", ::geteuid(), " ", ::getgid(), " ", count, " ", groups[0], " ",
                  groups[1], " ", ::umask(0));
  });

  EXPECT_EQ(child.said, "1234 1234 5678 2 10 4000000 63");
}

TEST(ApplyIdentity, GroupsOfTheRuntimeAreNotInherited) {
  CAISSON_REQUIRE(Need::kRoot);
  const auto child = InChild([]() -> std::string {
    const gid_t before[] = {1, 2, 3};
    if (::setgroups(3, before) != 0) return "setgroups";
    const auto identity = PlanIdentity({.uid = 1}, SetGroups::kAllowed);
    if (!ApplyIdentity(*identity).ok()) return "apply";
    return StrCat(::getgroups(0, nullptr), " ", ::umask(0));
  });

  EXPECT_EQ(child.said, "0 18") << "umask 0022 by default";
}

TEST(ExplainIdentity, UnmappedIdHasItsRemedy) {
  const Identity identity{.uid = 70000};
  EXPECT_EQ(
      ExplainIdentity(identity, {EINVAL, static_cast<std::size_t>(IdentityStep::kUid)}).ToString(),
      "process.user.uid: setresuid \"70000\": Invalid argument (EINVAL) (try: map the id in "
      "linux.uidMappings and linux.gidMappings)");
}

TEST(ExplainRlimit, AStepThatIsNoneHasWordsToo) {
  EXPECT_EQ(ExplainRlimit({}, {.sys_errno = EPERM, .item = 2}).ToString(),
            "setrlimit \"step 2\": Operation not permitted (EPERM)");
}

TEST(GiveStdioTo, PipesAreGivenAndDevicesAndFilesNever) {
  CAISSON_REQUIRE(Need::kRoot);
  char pattern[] = "/tmp/caisson-stdio-XXXXXX";
  const UniqueFd file(::mkstemp(pattern));
  ::unlink(pattern);
  const auto owner = [](int fd) {
    struct stat info {};
    return ::fstat(fd, &info) == 0 ? info.st_uid : 99;
  };
  struct stat null_before {};
  ASSERT_EQ(::stat("/dev/null", &null_before), 0);

  const auto child = InChild([&]() -> std::string {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return "pipe";
    ::dup2(::open("/dev/null", O_RDWR | O_CLOEXEC), 0);
    ::dup2(ends[1], 1);
    ::dup2(file.get(), 2);
    GiveStdioTo(1234);
    return StrCat(owner(0), " ", owner(1), " ", owner(2));
  });

  EXPECT_EQ(child.said, "0 1234 0");
  struct stat null_after {};
  ASSERT_EQ(::stat("/dev/null", &null_after), 0);
  EXPECT_EQ(null_after.st_uid, null_before.st_uid);
}

TEST(MakeNonDumpable, Cve2016_9962_NobodyMayTraceIt) {
  const auto child = InChild([]() -> std::string {
    if (MakeNonDumpable() != 0) return "prctl";
    return StrCat(::prctl(PR_GET_DUMPABLE));
  });
  EXPECT_EQ(child.said, "0");
}

TEST(SetOomScoreAdj, IsWritten) {
  const auto child = InChild([]() -> std::string {
    const UniqueFd proc(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (const int err = SetOomScoreAdj(proc.get(), 789); err != 0) return StrCat("errno ", err);
    return std::string(Trim(*ReadFile("/proc/self/oom_score_adj")));
  });
  EXPECT_EQ(child.said, "789");
}

TEST(SetOomScoreAdj, GoingBelowOnesOwnIsExplained) {
  CAISSON_REQUIRE(Need::kRoot);
  const auto child = InChild([]() -> std::string {
    const UniqueFd proc(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (SetOomScoreAdj(proc.get(), 100) != 0) return "first";
    if (::setresuid(1234, 1234, 1234) != 0) return "setresuid";
    // A change of ids makes /proc/self root's until the next execve.
    ::prctl(PR_SET_DUMPABLE, 1);
    return ExplainOomScoreAdj(-1000, SetOomScoreAdj(proc.get(), -1000)).ToString();
  });
  EXPECT_THAT(child.said, HasSubstr("process.oomScoreAdj -1000: write "
                                    "\"/proc/self/oom_score_adj\": Permission denied (EACCES) "
                                    "(try: going below"));
}

TEST(ResetSignals, NothingIsBlockedAndPipesAreNotIgnored) {
  const auto child = InChild([]() -> std::string {
    ::signal(SIGPIPE, SIG_IGN);
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    if (ResetSignals() != 0) return "reset";
    sigset_t now;
    ::sigprocmask(SIG_SETMASK, nullptr, &now);
    struct sigaction pipe_action {};
    ::sigaction(SIGPIPE, nullptr, &pipe_action);
    return StrCat(::sigismember(&now, SIGTERM), ::sigismember(&now, SIGCHLD),
                  pipe_action.sa_handler == SIG_DFL ? "d" : "i");
  });
  EXPECT_EQ(child.said, "00d");
}

TEST(CloseOnExecFrom, MarksAllFromThereOn) {
  const auto child = InChild([]() -> std::string {
    if (::dup2(0, 100) != 100 || ::dup2(0, 200) != 200) return "dup2";
    if (CloseOnExecFrom(101) != 0) return "close_range";
    return StrCat(::fcntl(100, F_GETFD), ::fcntl(200, F_GETFD));
  });
  EXPECT_EQ(child.said, StrCat(0, FD_CLOEXEC));
}

TEST(JoinSessionKeyring, HasItsNameAndLetsItsUserSearch) {
  const auto child = InChild([]() -> std::string {
    const int err = JoinSessionKeyring("_ses.caisson-test");
    if (err != 0) return StrCat("errno ", err);
    char description[256]{};
    constexpr int kDescribe = 6;
    constexpr int kSession = -3;
    if (::syscall(SYS_keyctl, kDescribe, kSession, description, sizeof description) < 0)
      return StrCat("errno ", errno);
    return description;
  });
  if (child.said == StrCat("errno ", ENOSYS) || child.said == StrCat("errno ", EDQUOT))
    GTEST_SKIP() << "this kernel has no keyrings to give";
  EXPECT_THAT(child.said, HasSubstr(";3f1b0000;_ses.caisson-test"));
}

}  // namespace
}  // namespace caisson::process
