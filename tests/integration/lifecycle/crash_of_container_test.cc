// SPDX-License-Identifier: Apache-2.0
// The container's side of a command (stages, init, hooks) is killed after each of its system calls
// in turn: the command must say so, end with the code of a failure, and never wait for the dead.
#include "tests/integration/lifecycle/crash_fixture.h"

namespace caisson::test {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class CrashOfContainer : public Crash {
 protected:
  static void ExpectTold(const Killed& killed, int exit_code) {
    EXPECT_EQ(killed.status, ExitStatus{.code = exit_code});
    EXPECT_THAT(killed.said, HasSubstr("level=error"));
    EXPECT_THAT(killed.said,
                AnyOf(HasSubstr("container init was killed (SIGKILL) before it was ready"),
                      HasSubstr("container init was killed (SIGKILL) before it became the program"),
                      HasSubstr("the process was killed (SIGKILL) before it was ready"),
                      HasSubstr("the process was killed (SIGKILL) before it became the program"),
                      HasSubstr("killed by signal 9")));
  }

  // A command that makes a container leaves none. One that has said all there is to say when it
  // dies may have succeeded: the last call or two of an init that then waits to be started.
  void KillAtEachCall(const Subject& subject, int late_calls = 0) {
    int late = 0;
    ForEachCall(subject.name, subject.least_calls, [&](int call) {
      const std::string id = caisson_.Id(StrCat(subject.name, "-", call));
      subject.before(id);
      const Killed killed = RunAndKill(caisson_.CommandFor(subject.command(id)),
                                       {.victim = Victim::kContainerSide, .call = call});
      if (killed.killed && killed.status.ok()) {
        ++late;
        EXPECT_EQ(caisson_.StatusOf(id), "stopped");
      } else if (killed.killed) {
        ExpectTold(killed, 1);
        EXPECT_EQ(caisson_.Run({"list", "-q"}).out, "");
      }
      ExpectForceDeletes(id);
      return killed;
    });
    EXPECT_LE(late, late_calls);
  }

  void KillAtEachExec(std::string_view name, const Args& options) {
    bundle_.Args({"/bin/sleep", "600"});
    const std::string container = caisson_.Id(StrCat(name, "-container"));
    RunDetached(container);
    ForEachCall(name, 40, [&](int call) {
      const Killed killed = RunAndKill(caisson_.CommandFor(ExecInto(container, options)),
                                       {.victim = Victim::kContainerSide, .call = call});
      if (killed.killed) ExpectTold(killed, 255);
      EXPECT_EQ(caisson_.Run({"exec", container, "/bin/echo", "alive"}).out, "alive\n");
      return killed;
    });
    AwaitAlone(container);
    ExpectForceDeletes(container);
  }
};

// After "created" init closes the socket and waits.
constexpr int kCallsWhenCreated = 2;

TEST_F(CrashOfContainer, Create) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(Making("create", 100, {"create"}), kCallsWhenCreated);
}

TEST_F(CrashOfContainer, CreateInAUserNamespaceAndAJoinedOne) {
  TakeUserNamespaceAndAJoinedOne();
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(Making("userns", 100, {"create"}), kCallsWhenCreated);
}

TEST_F(CrashOfContainer, CreateWithoutACgroup) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(Making("bare", 80, {"--cgroup-manager", "disabled", "create"}), kCallsWhenCreated);
}

TEST_F(CrashOfContainer, CreateWithoutAMountNamespace) {
  DropMountNamespace();
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(Making("nomount", 20, {"create"}), kCallsWhenCreated);
}

TEST_F(CrashOfContainer, CreateWithHooks) {
  const std::vector<spec::Hook> hooks = {{.path = "/bin/true", .args = {"true"}}};
  bundle_.config().hooks = {.prestart = hooks,
                            .create_runtime = hooks,
                            .create_container = hooks,
                            .start_container = hooks,
                            .poststop = hooks};
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(Making("hooks", 120, {"create"}), kCallsWhenCreated);
}

TEST_F(CrashOfContainer, Run) {
  bundle_.Args({"/bin/true"});
  KillAtEachCall(Making("run", 100, {"run"}));
}

TEST_F(CrashOfContainer, RunInAUserNamespaceAndAJoinedOne) {
  TakeUserNamespaceAndAJoinedOne();
  bundle_.Args({"/bin/true"});
  KillAtEachCall(Making("run-userns", 100, {"run"}));
}

TEST_F(CrashOfContainer, RunDetached) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(Making("run-d", 100, RunDetachedWithPidFile()));
}

// The container stays, as a stopped one; but whom a hook that fails refuses is gone.
TEST_F(CrashOfContainer, Start) {
  const std::vector<spec::Hook> hooks = {{.path = "/bin/true", .args = {"true"}}};
  bundle_.config().hooks.start_container = hooks;
  bundle_.Args({"/bin/sleep", "600"});
  ForEachCall("start", 50, [&](int call) {
    const std::string id = caisson_.Id(StrCat("start-", call));
    Create(id);
    const Killed killed =
        RunAndKill(caisson_.CommandFor({"start", id}),
                   {.victim = Victim::kContainerSide, .call = call, .init = caisson_.PidOf(id)});
    if (killed.killed) {
      EXPECT_EQ(killed.status, ExitStatus{.code = 1});
      EXPECT_THAT(killed.said, AnyOf(HasSubstr("ended before it became the program"),
                                     HasSubstr("killed by signal 9"), HasSubstr("stopped"),
                                     HasSubstr("init does not wait for start")));
      const bool refused = killed.said.find("startContainer") != std::string::npos;
      EXPECT_EQ(caisson_.StatusOf(id), refused ? "" : "stopped");
    }
    ExpectForceDeletes(id);
    return killed;
  });
}

TEST_F(CrashOfContainer, Exec) { KillAtEachExec("exec", {}); }

TEST_F(CrashOfContainer, ExecDetached) {
  KillAtEachExec("exec-d", {"-d", "--pid-file", caisson_.dir() / "pid"});
}

TEST_F(CrashOfContainer, ExecIntoAUserNamespace) {
  TakeUserNamespaceAndAJoinedOne();
  KillAtEachExec("exec-userns", {});
}

}  // namespace
}  // namespace caisson::test
