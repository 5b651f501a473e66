// SPDX-License-Identifier: Apache-2.0
// The runtime is killed after each of its system calls in turn; delete --force must find the rest.
#include "tests/integration/lifecycle/crash_fixture.h"

namespace caisson::test {
namespace {

class CrashOfCommand : public Crash {
 protected:
  // Expects that the container can be deleted with force, and that nothing of it is left.
  // `look` sees what the killed command has left.
  void KillAtEachCall(
      const Subject& subject,
      const std::function<void(const std::string& id)>& look = [](const std::string&) {}) {
    ForEachCall(subject.name, subject.least_calls, [&](int call) {
      const std::string id = caisson_.Id(StrCat(subject.name, "-", call));
      subject.before(id);
      const Killed killed = RunAndKill(caisson_.CommandFor(subject.command(id)),
                                       {.victim = Victim::kCommand, .call = call});
      look(id);
      ExpectForceDeletes(id);
      return killed;
    });
  }

  // The container lives on through all of it, and nothing that was half made stays in it.
  void KillAtEachExec(std::string_view name, const Args& options) {
    bundle_.Args({"/bin/sleep", "600"});
    const std::string container = caisson_.Id(StrCat(name, "-container"));
    RunDetached(container);
    ForEachCall(name, 60, [&](int call) {
      const Killed killed = RunAndKill(caisson_.CommandFor(ExecInto(container, options)),
                                       {.victim = Victim::kCommand, .call = call});
      EXPECT_EQ(caisson_.Run({"exec", container, "/bin/echo", "alive"}).out, "alive\n");
      return killed;
    });
    AwaitAlone(container);
    ExpectForceDeletes(container);
  }
};

TEST_F(CrashOfCommand, Create) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(Making("create", 60, {"create"}));
}

TEST_F(CrashOfCommand, CreateInAUserNamespaceAndAJoinedOne) {
  TakeUserNamespaceAndAJoinedOne();
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(Making("userns", 60, {"create"}));
}

TEST_F(CrashOfCommand, CreateWithoutACgroup) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(Making("bare", 60, {"--cgroup-manager", "disabled", "create"}));
}

TEST_F(CrashOfCommand, CreateWithoutAMountNamespace) {
  DropMountNamespace();
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(Making("nomount", 60, {"create"}));
}

TEST_F(CrashOfCommand, CreateWithHooks) {
  const std::vector<spec::Hook> hooks = {{.path = "/bin/true", .args = {"true"}}};
  bundle_.config().hooks = {
      .prestart = hooks, .create_runtime = hooks, .start_container = hooks, .poststop = hooks};
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(Making("hooks", 60, {"create"}));
}

TEST_F(CrashOfCommand, Start) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall({.name = "start",
                  .least_calls = 25,
                  .command = [](const std::string& id) -> Args {
                    return {"start", id};
                  },
                  .before = [this](const std::string& id) { Create(id); }},
                 [this](const std::string& id) {
                   const std::string status = caisson_.StatusOf(id);
                   EXPECT_TRUE(status == "created" || status == "running") << status;
                 });
}

TEST_F(CrashOfCommand, Delete) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall({.name = "delete",
                  .least_calls = 25,
                  .command = [](const std::string& id) -> Args {
                    return {"delete", "--force", id};
                  },
                  .before = [this](const std::string& id) { RunDetached(id); }});
}

TEST_F(CrashOfCommand, DeleteOfAStoppedOne) {
  bundle_.Args({"/bin/true"});
  KillAtEachCall({.name = "stopped",
                  .least_calls = 25,
                  .command = [](const std::string& id) -> Args {
                    return {"delete", id};
                  },
                  .before =
                      [this](const std::string& id) {
                        RunDetached(id);
                        caisson_.AwaitStopped(id);
                      }});
}

TEST_F(CrashOfCommand, Run) {
  bundle_.Args({"/bin/true"});
  KillAtEachCall(Making("run", 80, {"run"}));
}

TEST_F(CrashOfCommand, RunDetached) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(Making("run-d", 80, RunDetachedWithPidFile()));
}

// Killed while it freezes a container, which then holds back even SIGKILL on v1.
TEST_F(CrashOfCommand, Pause) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall({.name = "pause",
                  .least_calls = 25,
                  .command = [](const std::string& id) -> Args {
                    return {"pause", id};
                  },
                  .before = [this](const std::string& id) { RunDetached(id); }});
}

TEST_F(CrashOfCommand, Exec) { KillAtEachExec("exec", {}); }

TEST_F(CrashOfCommand, ExecDetached) {
  KillAtEachExec("exec-d", {"-d", "--pid-file", caisson_.dir() / "pid"});
}

}  // namespace
}  // namespace caisson::test
