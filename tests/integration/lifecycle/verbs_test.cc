// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/stat.h>

#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class Verbs : public Lifecycle {};

TEST_F(Verbs, CreateStartKillDeleteGoThroughAllStates) {
  bundle_.Args({"/bin/sleep", "600"});
  const std::string id = caisson_.Id("states");

  const CommandOutput created = caisson_.RunDetached(
      {"create", "--bundle", bundle_.path(), "--pid-file", caisson_.dir() / "pid", id});
  ASSERT_TRUE(created.status.ok()) << caisson_.DetachedErrors();
  EXPECT_EQ(caisson_.StatusOf(id), "created");
  EXPECT_EQ(caisson_.dir().Read("pid"), StrCat(caisson_.PidOf(id)));

  EXPECT_TRUE(caisson_.Run({"start", id}).status.ok());
  EXPECT_EQ(caisson_.StatusOf(id), "running");
  EXPECT_THAT(caisson_.Run({"list"}).out, HasSubstr(StrCat(id, " ")));

  EXPECT_TRUE(caisson_.Run({"kill", id, "KILL"}).status.ok());
  caisson_.AwaitStopped(id);
  EXPECT_EQ(caisson_.StatusOf(id), "stopped");

  EXPECT_TRUE(caisson_.Run({"delete", id}).status.ok());
  EXPECT_THAT(caisson_.Run({"state", id}).err,
              HasSubstr(StrCat("container \\\"", id, "\\\" does not exist")));
}

TEST_F(Verbs, RunEndsWithTheProcessesExitStatus) {
  bundle_.Shell("echo out; echo err >&2; exit 7");

  const CommandOutput ran = RunBundle("exit");

  EXPECT_EQ(ran.status.code, 7);
  EXPECT_EQ(ran.out, "out\n");
  EXPECT_EQ(ran.err, "err\n");
  EXPECT_EQ(caisson_.Run({"list", "-q"}).out, "");
}

TEST_F(Verbs, RunEndsWith128PlusTheSignal) {
  // The first process of a pid namespace ignores signals it has no handler for, so a child dies.
  bundle_.Shell("sh -c 'kill -TERM $$'; exit $?");
  EXPECT_EQ(RunBundle("signal").status.code, 128 + SIGTERM);
}

TEST_F(Verbs, RunGivesStandardInputToTheProcess) {
  bundle_.Args({"/bin/cat"});

  const CommandOutput ran =
      caisson_.Run({"run", "-b", bundle_.path(), caisson_.Id("stdin")}, "hello\n");

  EXPECT_EQ(ran.out, "hello\n");
}

TEST_F(Verbs, RunKeepLeavesAStoppedContainer) {
  const std::string id = caisson_.Id("keep");

  EXPECT_TRUE(RunBundle("keep", {"--keep"}).status.ok());

  EXPECT_EQ(caisson_.StatusOf(id), "stopped");
  EXPECT_TRUE(caisson_.Run({"delete", id}).status.ok());
}

TEST_F(Verbs, RunForwardsSignals) {
  bundle_.Shell("trap 'echo got; exit 3' TERM; echo up; while true; do sleep 0.05; done");
  int out[2];
  ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);
  const UniqueFd reader(out[0]);
  UniqueFd writer(out[1]);
  Command command = caisson_.CommandFor({"run", "-b", bundle_.path(), caisson_.Id("forward")});
  command.fds = {{writer.get(), 1}};
  auto process = Spawn(command);
  ASSERT_TRUE(process);
  writer.Reset();
  char line[16] = {};
  ASSERT_GT(::read(reader.get(), line, sizeof line), 0);

  ASSERT_TRUE(process->Signal(SIGTERM));
  const auto status = process->Reap(Deadline::After(std::chrono::seconds(20)));

  ASSERT_TRUE(status && status->has_value());
  EXPECT_EQ((*status)->code, 3);
}

TEST_F(Verbs, AnIdIsTakenOnce) {
  const std::string id = Sleeper("twice");

  const CommandOutput again = caisson_.Run({"run", "-b", bundle_.path(), id});

  EXPECT_EQ(again.status.code, 1);
  EXPECT_THAT(again.err, HasSubstr("exists"));
  EXPECT_EQ(caisson_.StatusOf(id), "running");
}

TEST_F(Verbs, StartIsForCreatedContainersOnly) {
  const std::string id = Sleeper("restart");

  const CommandOutput started = caisson_.Run({"start", id});

  EXPECT_EQ(started.status.code, 1);
  EXPECT_THAT(started.err, HasSubstr("cannot start an already running container"));
}

TEST_F(Verbs, DeleteRefusesARunningContainerUnlessForced) {
  const std::string id = Sleeper("running");

  const CommandOutput refused = caisson_.Run({"delete", id});
  EXPECT_EQ(refused.status.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("that is not stopped: running"));

  EXPECT_TRUE(caisson_.Run({"delete", "--force", id}).status.ok());
  EXPECT_EQ(caisson_.Run({"list", "-q"}).out, "");
}

TEST_F(Verbs, DeleteForceOfNothingIsSuccess) {
  EXPECT_TRUE(caisson_.Run({"delete", "--force", caisson_.Id("nothing")}).status.ok());
  EXPECT_EQ(caisson_.Run({"delete", caisson_.Id("nothing")}).status.code, 1);
}

TEST_F(Verbs, ACreatedContainerCanBeDeleted) {
  const std::string id = caisson_.Id("created");
  ASSERT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok());

  EXPECT_TRUE(caisson_.Run({"delete", id}).status.ok());
}

TEST_F(Verbs, AContainerWithoutProcessIsCreatedAndStopsAtStart) {
  bundle_.config().process.reset();
  bundle_.Save();
  const std::string id = caisson_.Id("empty");

  ASSERT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok())
      << caisson_.DetachedErrors();
  const CommandOutput started = caisson_.Run({"start", id});

  EXPECT_TRUE(started.status.ok());
  EXPECT_THAT(started.err, HasSubstr("has no process"));
  EXPECT_EQ(caisson_.StatusOf(id), "stopped");
}

TEST_F(Verbs, KillTakesNamesAndNumbersAndRefusesOthers) {
  const std::string id = Sleeper("kill");

  EXPECT_TRUE(caisson_.Run({"kill", id, "0"}).status.ok());
  EXPECT_TRUE(caisson_.Run({"kill", id, "SIGCONT"}).status.ok());
  EXPECT_TRUE(caisson_.Run({"kill", id, "cont"}).status.ok());
  const CommandOutput unknown = caisson_.Run({"kill", id, "NOPE"});
  EXPECT_EQ(unknown.status.code, 1);
  EXPECT_THAT(unknown.err, HasSubstr("unknown signal \\\"NOPE\\\""));
  EXPECT_TRUE(caisson_.Run({"kill", "--all", id, "9"}).status.ok());
  caisson_.AwaitStopped(id);
  EXPECT_THAT(caisson_.Run({"kill", id, "9"}).err,
              HasSubstr(StrCat("container not running: \\\"", id)));
}

TEST_F(Verbs, PauseStopsAndResumeGoesOn) {
  const std::string id = Sleeper("pause");

  ASSERT_TRUE(caisson_.Run({"pause", id}).status.ok());
  EXPECT_EQ(caisson_.StatusOf(id), "paused");
  const CommandOutput exec = caisson_.Run({"exec", id, "/bin/true"});
  EXPECT_EQ(exec.status.code, 255);
  EXPECT_THAT(exec.err, HasSubstr("paused"));
  ASSERT_TRUE(caisson_.Run({"resume", id}).status.ok());
  EXPECT_EQ(caisson_.StatusOf(id), "running");
  EXPECT_THAT(caisson_.Run({"resume", id}).err, HasSubstr("not paused"));
}

TEST_F(Verbs, APausedContainerCanBeDeletedWithForce) {
  const std::string id = Sleeper("paused");
  ASSERT_TRUE(caisson_.Run({"pause", id}).status.ok());

  EXPECT_TRUE(caisson_.Run({"delete", "--force", id}).status.ok());
}

TEST_F(Verbs, PsListsTheContainersProcesses) {
  const std::string id = Sleeper("ps");

  EXPECT_EQ(caisson_.Run({"ps", "--format", "json", id}).out,
            StrCat("[", caisson_.PidOf(id), "]\n"));
  EXPECT_THAT(caisson_.Run({"ps", id}).out, HasSubstr("/bin/sleep 600"));
  EXPECT_THAT(caisson_.Run({"ps", id, "-e", "-o", "pid,comm"}).out, HasSubstr("sleep"));
}

TEST_F(Verbs, UpdateChangesLimitsAndEventsShowsThem) {
  const std::string id = Sleeper("update");

  const CommandOutput updated =
      caisson_.Run({"update", "--memory", "64m", "--pids-limit", "33", id});
  ASSERT_TRUE(updated.status.ok()) << updated.err;

  const std::string events = caisson_.Run({"events", "--stats", id}).out;
  EXPECT_THAT(events, HasSubstr("\"limit\":67108864"));
  EXPECT_THAT(events, HasSubstr("\"pids\":{\"current\":1,\"limit\":33}"));
  const CommandOutput from_stdin =
      caisson_.Run({"update", "-r", "-", id}, R"({"pids":{"limit":44}})");
  EXPECT_TRUE(from_stdin.status.ok()) << from_stdin.err;
  EXPECT_THAT(caisson_.Run({"events", "--stats", id}).out, HasSubstr("\"limit\":44}"));
}

TEST_F(Verbs, SpecWritesAConfigurationThatRuns) {
  ASSERT_TRUE(caisson_.Run({"spec", "--bundle", caisson_.dir().path()}).status.ok());
  const CommandOutput again = caisson_.Run({"spec", "--bundle", caisson_.dir().path()});
  EXPECT_EQ(again.status.code, 1);
  EXPECT_THAT(again.err, HasSubstr("exists. Remove it first"));
}

TEST_F(Verbs, StateFilesAreForRootOnly) {
  const std::string id = Sleeper("modes");

  struct stat info {};
  ASSERT_EQ(::stat(caisson_.root().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
  ASSERT_EQ(::stat(StrCat(caisson_.root(), "/", id).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700U);
}

TEST_F(Verbs, VersionBeginsAsTheClientsExpect) {
  EXPECT_THAT(caisson_.Run({"--version"}).out,
              MatchesRegex("caisson version [0-9.]+\ncommit: [0-9a-z]+\nspec: 1\\.3\\.0\n"
                           "libseccomp: [0-9.]+\n"));
}

}  // namespace
}  // namespace caisson::test
