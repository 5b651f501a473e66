// SPDX-License-Identifier: Apache-2.0
// Where a script that was written for runc would notice a difference.
#include <sched.h>
#include <sys/stat.h>

#include <filesystem>

#include "runtime/base/file.h"
#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class CommandLine : public Lifecycle {
 protected:
  std::string Created(std::string_view name) {
    bundle_.Args({"/bin/sleep", "600"});
    const std::string id = caisson_.Id(name);
    EXPECT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok())
        << caisson_.DetachedErrors();
    return id;
  }
};

TEST_F(CommandLine, UnknownCommandsEndWithThreeAndUnknownOptionsWithOne) {
  for (const std::vector<std::string>& args : std::vector<std::vector<std::string>>{
           {"fly"}, {"fly", "--help"}, {"help", "fly"}, {"h", "fly"}}) {
    SCOPED_TRACE(::testing::PrintToString(args));
    const CommandOutput ran = caisson_.Run(args);
    EXPECT_EQ(ran.status.code, 3);
    EXPECT_THAT(ran.err, HasSubstr("No help topic for 'fly'"));
  }
  EXPECT_EQ(caisson_.Run({"list", "--fly"}).status.code, 1);
  EXPECT_EQ(caisson_.Run({"h", "kill"}).out, caisson_.Run({"kill", "-h"}).out);
  EXPECT_THAT(caisson_.Run({"list", "more"}).err,
              HasSubstr("\\\"list\\\" requires exactly 0 argument(s)"));
}

TEST_F(CommandLine, CalledByAnotherNameItGoesByThat) {
  const std::string link = caisson_.dir() / "runc";
  ASSERT_EQ(::symlink(Program("caisson").c_str(), link.c_str()), 0);
  const auto run = [&](std::vector<std::string> args) {
    args.insert(args.begin(), link);
    auto ran = RunCommand({.argv = args}, "", Deadline::After(std::chrono::seconds(30)));
    return ran ? ran->out : std::string();
  };

  EXPECT_THAT(run({"--version"}), StartsWith("runc version "));
  EXPECT_THAT(run({"--help"}), StartsWith("NAME:\n   runc - Open Container Initiative runtime\n"));
  EXPECT_THAT(run({"kill", "--help"}), StartsWith("NAME:\n   runc kill - "));
  EXPECT_THAT(caisson_.Run({"--help"}).out, StartsWith("NAME:\n   caisson - Open Container"));
}

TEST_F(CommandLine, ACgroupInUseIsRefusedAndWhoIsInItLives) {
  bundle_.config().linux.cgroups_path = StrCat("/", caisson_.Id("shared"));
  const std::string first = Sleeper("first");

  for (const char* const verb : {"run", "create"}) {
    const CommandOutput ran = caisson_.Run({verb, "-b", bundle_.path(), caisson_.Id("second")});
    EXPECT_EQ(ran.status.code, 1);
    EXPECT_THAT(ran.err, HasSubstr("container's cgroup is not empty: "));
    EXPECT_EQ(caisson_.StatusOf(first), "running");
  }
  EXPECT_THAT(caisson_.Run({"list", "-q"}).out, first + "\n");
}

TEST_F(CommandLine, AFrozenCgroupIsRefused) {
  CAISSON_REQUIRE(Need::kCgroupV1Memory);
  const std::string path = StrCat("/sys/fs/cgroup/freezer/", caisson_.Id("frozen"));
  ASSERT_EQ(::mkdir(path.c_str(), 0755), 0);
  ASSERT_TRUE(WriteFileAt(kCwd, path + "/freezer.state", "FROZEN"));
  bundle_.config().linux.cgroups_path = StrCat("/", caisson_.Id("frozen"));
  bundle_.Args({"/bin/true"});

  const CommandOutput ran = RunBundle("frozen");

  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("container's cgroup unexpectedly frozen: "));
  EXPECT_EQ(::rmdir(path.c_str()), 0);
}

TEST_F(CommandLine, ACreatedContainerHoldsNoDescriptorOfTheCaller) {
  bundle_.Args({"/bin/true"});
  const std::string id = caisson_.Id("held");
  const std::string dir = caisson_.dir().path();
  const CommandOutput ran = Shell(
      StrCat("exec 0</dev/null >", dir, "/out 2>", dir, "/err 7</etc/passwd 8</etc/group; exec"),
      {"create", "-b", bundle_.path(), id});
  ASSERT_TRUE(ran.status.ok()) << caisson_.DetachedErrors();

  for (const auto& entry :
       std::filesystem::directory_iterator(StrCat("/proc/", caisson_.PidOf(id), "/fd"))) {
    const std::string target = std::filesystem::read_symlink(entry.path());
    SCOPED_TRACE(entry.path().filename().string());
    EXPECT_THAT(target, ::testing::AnyOf("/dev/null", dir + "/out", dir + "/err",
                                         StartsWith("socket:"), StartsWith("anon_inode:")));
  }
  EXPECT_TRUE(caisson_.Run({"start", id}).status.ok());
}

TEST_F(CommandLine, AContainerIsNotBoundToTheCpusOfTheCaller) {
  cpu_set_t own;
  ASSERT_EQ(::sched_getaffinity(0, sizeof own, &own), 0);
  if (CPU_COUNT(&own) < 2) GTEST_SKIP() << "needs two CPUs";
  bundle_.Args({"/bin/grep", "Cpus_allowed_list", "/proc/self/status"});

  const std::string free = Shell("exec", {"run", "-b", bundle_.path(), caisson_.Id("free")}).out;
  const std::string bound =
      Shell("exec taskset -c 0", {"run", "-b", bundle_.path(), caisson_.Id("bound")}).out;

  EXPECT_THAT(free, StartsWith("Cpus_allowed_list:"));
  EXPECT_EQ(bound, free);
}

TEST_F(CommandLine, ExecsCapabilitiesThatTheConfigurationHandsOnAreAmbient) {
  bundle_.process().capabilities = spec::Capabilities{.bounding = {"CAP_CHOWN", "CAP_SYSLOG"},
                                                      .effective = {},
                                                      .inheritable = {"CAP_SYSLOG"},
                                                      .permitted = {"CAP_CHOWN"},
                                                      .ambient = {"CAP_CHOWN", "CAP_KILL"}};
  const std::string id = Sleeper("ambient");
  EXPECT_THAT(caisson_.DetachedErrors(),
              HasSubstr("can't raise ambient capability CAP_CHOWN, CAP_KILL: "));

  EXPECT_THAT(
      caisson_.Run({"exec", "--cap", "CAP_SYSLOG", id, "/bin/grep", "CapAmb", "/proc/self/status"})
          .out,
      HasSubstr("CapAmb:\t0000000400000000"));
}

TEST_F(CommandLine, ExecsCgroupsHaveRuncsSentences) {
  const std::string id = Sleeper("cgroups");

  EXPECT_THAT(caisson_.Run({"exec", "--cgroup", "..", id, "/bin/true"}).err,
              HasSubstr("cgroup .. is not a sub cgroup path"));
  EXPECT_THAT(caisson_.Run({"exec", "--cgroup", "what:/", id, "/bin/true"}).err,
              HasSubstr("unknown controller what"));
  EXPECT_THAT(caisson_.Run({"exec", "--cgroup", "none", id, "/bin/true"}).err,
              ::testing::ContainsRegex("exec failed: adding pid .* to cgroups "
                                       ".*/none/cgroup.procs: no such file or directory"));
}

TEST_F(CommandLine, AnEmptyRootIsRefused) {
  EXPECT_THAT(caisson_.Run({"--root", "", "list"}).err, HasSubstr("--root: must not be empty"));
}

TEST_F(CommandLine, APausedContainerThatWasNotStartedIsPaused) {
  const std::string id = Created("paused");
  ASSERT_TRUE(caisson_.Run({"pause", id}).status.ok());

  EXPECT_EQ(caisson_.StatusOf(id), "paused");
  EXPECT_THAT(caisson_.Run({"exec", id, "/bin/true"}).err, HasSubstr("in a paused container"));
  EXPECT_THAT(caisson_.Run({"start", id}).err,
              HasSubstr("cannot start a container in the paused state"));
  EXPECT_THAT(caisson_.Run({"delete", id}).err, HasSubstr("that is not stopped: paused"));
  EXPECT_TRUE(caisson_.Run({"resume", id}).status.ok());
  EXPECT_EQ(caisson_.StatusOf(id), "created");
  EXPECT_TRUE(caisson_.Run({"start", id}).status.ok());
  EXPECT_EQ(caisson_.StatusOf(id), "running");
}

TEST_F(CommandLine, APausedContainerThatWasNotStartedCanBeDeletedWithForce) {
  const std::string id = Created("frozen");
  ASSERT_TRUE(caisson_.Run({"pause", id}).status.ok());

  const CommandOutput ran = caisson_.Run({"delete", "--force", id});

  EXPECT_TRUE(ran.status.ok()) << ran.err;
}

TEST_F(CommandLine, KillOfAnEndedContainerSaysWhatEnginesLookFor) {
  const std::string id = Sleeper("ended");
  ASSERT_TRUE(caisson_.Run({"kill", id, "KILL"}).status.ok());
  caisson_.AwaitStopped(id);

  EXPECT_THAT(caisson_.Run({"kill", id, "KILL"}).err, HasSubstr("container not running"));
  EXPECT_TRUE(caisson_.Run({"kill", "--all", id, "KILL"}).status.ok());
  EXPECT_THAT(caisson_.Run({"events", "--stats", id}).err, HasSubstr("container not running"));
  EXPECT_THAT(caisson_.Run({"kill", caisson_.Id("none"), "9"}).err, HasSubstr("does not exist"));
}

TEST_F(CommandLine, KillReachesWhatAnEndedInitLeftBehind) {
  auto& namespaces = bundle_.config().linux.namespaces;
  std::erase_if(namespaces, [](const auto& n) { return n.type == spec::NamespaceType::kPid; });
  const std::string id = Sleeper("left");
  ASSERT_TRUE(caisson_
                  .RunDetached(
                      {"exec", "-d", "--pid-file", caisson_.dir() / "pid", id, "/bin/sleep", "600"})
                  .status.ok());
  const auto left = Pidfd::Open(ParseInt<pid_t>(caisson_.dir().Read("pid")).value_or(0));
  ASSERT_TRUE(left);
  ASSERT_EQ(::kill(caisson_.PidOf(id), SIGKILL), 0);
  caisson_.AwaitStopped(id);

  EXPECT_TRUE(caisson_.Run({"kill", id, "KILL"}).status.ok());

  const auto ended = left->WaitEnded(Deadline::After(std::chrono::seconds(10)));
  EXPECT_TRUE(ended && *ended);
}

TEST_F(CommandLine, ACreatedContainerEndsOnSigterm) {
  const std::string id = Created("term");

  EXPECT_TRUE(caisson_.Run({"kill", id}).status.ok());

  caisson_.AwaitStopped(id);
  EXPECT_EQ(caisson_.StatusOf(id), "stopped");
}

TEST_F(CommandLine, AnEmptySignalIsSigterm) {
  bundle_.Shell("trap 'exit 3' TERM; touch /tmp/up; while true; do sleep 0.05; done");
  const std::string id = caisson_.Id("term");
  ASSERT_TRUE(caisson_.RunDetached({"run", "-d", "-b", bundle_.path(), id}).status.ok());
  Await([&] { return ::access(bundle_.RootPath("tmp/up").c_str(), F_OK) == 0; });

  EXPECT_TRUE(caisson_.Run({"kill", id, ""}).status.ok());
  caisson_.AwaitStopped(id);
}

TEST_F(CommandLine, ExecsErrorsBeginLikeRuncs) {
  const std::string id = Sleeper("exec");

  EXPECT_THAT(caisson_.Run({"exec", caisson_.Id("none"), "/bin/true"}).err,
              HasSubstr("exec failed: container "));
  EXPECT_THAT(caisson_.Run({"exec", id}).err, HasSubstr("exec failed: process args"));
  EXPECT_THAT(caisson_.Run({"exec", id, "/bin/nope"}).err, HasSubstr("exec failed: exec: "));
  // What is wrong with the command line itself is no failed exec.
  const CommandOutput ran = caisson_.Run({"exec", "-g", "x", id, "/bin/true"});
  EXPECT_EQ(ran.status.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("invalid value \\\"x\\\" for flag -g"));
}

TEST_F(CommandLine, EventsTakesGosDurations) {
  const std::string id = Sleeper("events");

  EXPECT_TRUE(caisson_.Run({"events", "--interval", "1m30s", "--stats", id}).status.ok());
  EXPECT_THAT(caisson_.Run({"events", "--interval", "0s", id}).err,
              HasSubstr("duration interval must be greater than 0"));
  EXPECT_THAT(caisson_.Run({"events", "--interval", "5", id}).err,
              HasSubstr("invalid value \\\"5\\\" for flag -interval: parse error"));
}

TEST_F(CommandLine, EventsHasTheMembersOfRuncs) {
  const std::string id = Sleeper("stats");

  const std::string event = caisson_.Run({"events", "--stats", id}).out;

  EXPECT_THAT(event, StartsWith(StrCat(R"({"type":"stats","id":")", id, R"(","data":{"cpu":)")));
  for (const char* const member :
       {"percpu_kernel", "percpu_user", "throttling", "cpuset", "cpus", "mems", "swap", "kernelTCP",
        "raw", "pids", "blkio", "hugetlb", "intel_rdt"})
    EXPECT_THAT(event, HasSubstr(StrCat("\"", member, "\":")));
  EXPECT_THAT(event, HasSubstr("\"cpus\":[0"));
}

TEST_F(CommandLine, UpdateTakesDockersSizesAndLeavesOutEmptyOnes) {
  const std::string id = Sleeper("sizes");

  EXPECT_TRUE(caisson_.Run({"update", "--memory", "48 MiB", id}).status.ok());
  EXPECT_THAT(caisson_.Run({"events", "--stats", id}).out, HasSubstr("\"limit\":50331648"));
  const CommandOutput empty = caisson_.Run({"update", "--memory", "", "--cpu-share", "", id});
  EXPECT_TRUE(empty.status.ok()) << empty.err;
  EXPECT_THAT(caisson_.Run({"events", "--stats", id}).out, HasSubstr("\"limit\":50331648"));
  EXPECT_THAT(caisson_.Run({"update", "--kernel-memory", "x", id}).err,
              HasSubstr("invalid value \\\"x\\\" for kernel-memory"));
}

TEST_F(CommandLine, SocketsOfSystemdAreThoseOfThisProcess) {
  bundle_.Shell("echo \"[$LISTEN_FDS $LISTEN_PID]\"; test -e /proc/self/fd/3 && echo three");
  const std::vector<std::string> run = {"run", "-b", bundle_.path(), caisson_.Id("listen")};

  EXPECT_EQ(Shell("export LISTEN_FDS=1 LISTEN_PID=$$; exec 3</dev/null; exec", run).out,
            "[1 1]\nthree\n");
  // Inherited from somewhere: not ours to pass on, and no reason to fail either.
  EXPECT_EQ(Shell("export LISTEN_FDS=1 LISTEN_PID=1; exec", run).out, "[ ]\n");
}

TEST_F(CommandLine, DebugSaysWhatIsDone) {
  bundle_.Args({"/bin/true"});

  const CommandOutput ran =
      caisson_.Run({"--debug", "run", "-b", bundle_.path(), caisson_.Id("debug")});

  EXPECT_THAT(ran.err, AllOf(HasSubstr("level=debug"), HasSubstr("child process in init()"),
                             HasSubstr("nsexec container setup")));
  EXPECT_THAT(RunBundle("quiet").err, Not(HasSubstr("level=debug")));
}

TEST_F(CommandLine, PidFilesAreRelativeToTheCaller) {
  bundle_.Args({"/bin/sleep", "600"});
  const std::string id = caisson_.Id("pidfile");

  const CommandOutput ran =
      Shell(StrCat("cd ", caisson_.dir().path(), "; exec >out 2>err </dev/null; exec"),
            {"run", "-d", "-b", bundle_.path(), "--pid-file", "here.pid", id});

  ASSERT_TRUE(ran.status.ok()) << caisson_.DetachedErrors();
  EXPECT_EQ(caisson_.dir().Read("here.pid"), StrCat(caisson_.PidOf(id)));
}

}  // namespace
}  // namespace caisson::test
