// SPDX-License-Identifier: Apache-2.0
// In the place of runc and crun: what scripts and engines do with these.
#include <sys/stat.h>

#include <filesystem>

#include "runtime/base/file.h"
#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using DropIn = Lifecycle;

// As with crun. What is not open stays so: no descriptor of the runtime's comes to lie there.
TEST_F(DropIn, SocketsWithoutAProcessNamedAreTakenAsOurs) {
  bundle_.Shell("echo \"[$LISTEN_FDS $LISTEN_PID]\"; test -e /proc/self/fd/3 && echo three");
  const std::string log = caisson_.dir() / "log";
  const std::vector<std::string> run = {"run", "-b", bundle_.path(), caisson_.Id("listen")};
  const std::vector<std::string> logged = {
      "--log", log, "run", "-b", bundle_.path(), caisson_.Id("listen")};
  const std::string environment = "export LISTEN_FDS=1; unset LISTEN_PID; ";

  EXPECT_EQ(Shell(environment + "exec 3</dev/null; exec", run).out, "[1 1]\nthree\n");
  EXPECT_EQ(Shell(environment + "exec 3<&-; exec", run).out, "[1 1]\n");
  EXPECT_EQ(Shell(environment + "exec 3<&-; exec", logged).out, "[1 1]\n");
}

TEST_F(DropIn, ADescriptorOfTheRuntimesIsNoneOfTheCallers) {
  bundle_.Args({"/bin/true"});
  const std::string log = caisson_.dir() / "log";

  const CommandOutput ran = Shell("exec 3<&-; exec", {"--log", log, "run", "-b", bundle_.path(),
                                                      "--preserve-fds", "1", caisson_.Id("fd")});

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("--preserve-fds 1: descriptor 3 is not open"));
}

TEST_F(DropIn, DeleteTakesARegularExpressionAsCrunDoes) {
  const std::string one = Sleeper("regex-a1");
  const std::string two = Sleeper("regex-a2");
  const std::string other = Sleeper("regex-b");
  const auto ids = [&] { return caisson_.Run({"list", "-q"}).out; };

  // What runs stays without --force, and is told.
  const CommandOutput refused = caisson_.Run({"delete", "--regex", "regex-a[0-9]$"});
  EXPECT_EQ(refused.status.code, 1);
  EXPECT_THAT(refused.err, AllOf(HasSubstr("not stopped"), HasSubstr(one), HasSubstr(two)));
  EXPECT_THAT(caisson_.Run({"delete", "--regex", "a("}).err,
              HasSubstr("invalid regular expression \\\"a(\\\": "));
  EXPECT_EQ(ids(), StrCat(one, "\n", two, "\n", other, "\n"));

  EXPECT_TRUE(caisson_.Run({"delete", "-f", "-r", "regex-(a1|a2)$"}).status.ok());

  EXPECT_EQ(ids(), other + "\n");
  EXPECT_TRUE(caisson_.Run({"delete", "--regex", "no-such"}).status.ok());
}

// SIGKILL waits for as long as a process is frozen, and its own cgroup is not.
TEST_F(DropIn, DeleteForceEndsAnInitThatIsFrozenInAForeignCgroup) {
  CAISSON_REQUIRE(Need::kCgroupV1Memory);
  const std::string id = Sleeper("moved");
  const std::string path = StrCat("/sys/fs/cgroup/freezer/", caisson_.Id("foreign"));
  ASSERT_EQ(::mkdir(path.c_str(), 0755), 0);
  ASSERT_TRUE(WriteFileAt(kCwd, path + "/cgroup.procs", StrCat(caisson_.PidOf(id))));
  ASSERT_TRUE(WriteFileAt(kCwd, path + "/freezer.state", "FROZEN"));

  const CommandOutput deleted = caisson_.Run({"delete", "--force", id});

  EXPECT_TRUE(deleted.status.ok()) << deleted.err;
  // Only now, so that a failure leaves no process that cannot be killed.
  EXPECT_TRUE(WriteFileAt(kCwd, path + "/freezer.state", "THAWED"));
  EXPECT_EQ(::rmdir(path.c_str()), 0);
}

// As in runc, an option with an empty value is one that was not given.
TEST_F(DropIn, EmptyValuesAreNone) {
  const std::string id = Sleeper("empty");

  EXPECT_EQ(caisson_.Run({"exec", "--cwd", "", "-p", "", id, "id", "-u"}).out, "0\n");
  EXPECT_TRUE(caisson_.Run({"--log-format", "", "list"}).status.ok());
  EXPECT_TRUE(caisson_.Run({"update", "-r", "", "--cpu-share", "100", id}).status.ok());
  bundle_.Args({"/bin/true"});
  const CommandOutput ran =
      Shell(StrCat("cd ", bundle_.path(), "; exec"), {"run", "--bundle", "", caisson_.Id("here")});
  EXPECT_TRUE(ran.status.ok()) << ran.err;
}

TEST_F(DropIn, AUsageErrorIsInTheLogThatEnginesRead) {
  const std::string log = caisson_.dir() / "log";

  EXPECT_EQ(caisson_.Run({"--log", log, "--log-format", "json", "state"}).status.code, 1);
  EXPECT_EQ(caisson_.Run({"--log", log, "--log-format", "json", "state", "--fly"}).status.code, 1);

  EXPECT_THAT(caisson_.dir().Read("log"),
              AllOf(HasSubstr("{\"level\":\"error\""), HasSubstr("requires exactly 1 argument"),
                    HasSubstr("flag provided but not defined: -fly")));
}

TEST_F(DropIn, ListTellsWhatItLeavesOut) {
  ASSERT_TRUE(std::filesystem::create_directories(caisson_.root() + "/junk"));

  const CommandOutput listed = caisson_.Run({"list", "-q", "-f", "of no use with -q"});

  EXPECT_TRUE(listed.status.ok());
  EXPECT_EQ(listed.out, "");
  EXPECT_THAT(listed.err,
              AllOf(HasSubstr("level=warning"), HasSubstr("\\\"junk\\\" does not exist")));
  EXPECT_TRUE(caisson_.Run({"delete", "-f", "junk"}).status.ok());
}

// A slower runtime's kill returns when the process is gone, and scripts count on that.
TEST_F(DropIn, WhatWasKilledCanBeDeletedAtOnce) {
  for (int i = 0; i < 10; ++i) {
    const std::string id = Sleeper("killed");
    ASSERT_TRUE(caisson_.Run({"kill", id, "+9"}).status.ok());
    const CommandOutput deleted = caisson_.Run({"delete", id});
    ASSERT_TRUE(deleted.status.ok()) << deleted.err;
  }
}

TEST_F(DropIn, PsOfNoProcessIsNull) {
  const std::string id = Sleeper("gone");
  ASSERT_TRUE(caisson_.Run({"kill", id, "KILL"}).status.ok());
  EXPECT_EQ(caisson_.Run({"ps", "-f", "json", id}).out, "null\n");
}

TEST_F(DropIn, OneControllerHasOneSubCgroup) {
  CAISSON_REQUIRE(Need::kCgroupV1Memory);
  const std::string id = Sleeper("twice");

  const CommandOutput ran =
      caisson_.Run({"exec", "--cgroup", "cpu:a", "--cgroup", "cpu:b", id, "true"});

  EXPECT_EQ(ran.status.code, 255);
  EXPECT_THAT(ran.err, HasSubstr("controller cpu specified multiple times"));
}

TEST_F(DropIn, APidsLimitOfNoneIsNoChange) {
  const std::string id = Sleeper("pids");
  ASSERT_TRUE(caisson_.Run({"update", "--pids-limit", "21", id}).status.ok());

  EXPECT_TRUE(caisson_.Run({"update", "--pids-limit", "0", id}).status.ok());

  EXPECT_THAT(caisson_.Run({"events", "--stats", id}).out, HasSubstr("\"limit\":21"));
}

TEST_F(DropIn, EventsSayNoLimitAsTheFilesOfV1Do) {
  CAISSON_REQUIRE(Need::kCgroupV1Memory);
  const std::string id = Sleeper("v1");

  EXPECT_THAT(caisson_.Run({"events", "--stats", id}).out,
              AllOf(HasSubstr("\"usage\":{\"limit\":9223372036854771712,"),
                    HasSubstr("\"sched_load_balance\":1"), Not(HasSubstr("18446744073709551615"))));
}

}  // namespace
}  // namespace caisson::test
