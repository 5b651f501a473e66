// SPDX-License-Identifier: Apache-2.0
// The runtime is killed after each of its system calls in turn; delete --force must find the rest.
//   CAISSON_TEST_EVERY=N CAISSON_TEST_FIRST=K   calls K, K+N, K+2N, ... of each command
// Without them a sample is taken that shifts with the pid, so that many runs see all calls.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <functional>
#include <iostream>

#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using Args = std::vector<std::string>;
using OfId = std::function<void(const std::string& id)>;

// How a traced run came to its end.
struct Traced {
  bool killed = false;  // at the wanted system call; false: it ended by itself before
  int exit_code = -1;   // of one that ended by itself
  int stops = 0;
};

// One command under test. Each round has a container of its own: what one leaves behind must not
// be taken for the next one's and be removed with it.
struct Subject {
  std::string_view name;
  int least_calls = 0;  // it makes at least as many: else the test looks at nothing
  std::function<Args(const std::string& id)> command;
  OfId before = [](const std::string&) {};
  OfId after = [](const std::string&) {};
};

class Crash : public Lifecycle {
 protected:
  // Kills the command after each call of the sample, and expects that the container can be deleted
  // with force, and that nothing of it is left.
  void KillAtEachCall(const Subject& subject) {
    int kills = 0;
    for (int n = First();; n += Step()) {
      SCOPED_TRACE(StrCat(subject.name, ", call ", n));
      const std::string id = caisson_.Id(StrCat(subject.name, "-", n));
      subject.before(id);
      const Traced traced = KillAtSystemCall(subject.command(id), n);
      subject.after(id);
      ASSERT_NO_FATAL_FAILURE(ExpectForceDeletes(id));
      ASSERT_FALSE(HasFailure());
      kills += traced.killed ? 1 : 0;
      if (traced.killed) continue;
      EXPECT_EQ(traced.exit_code, 0) << "the command is no example of one that works";
      break;
    }
    EXPECT_GE(First() + kills * Step(), subject.least_calls);
    std::cout << subject.name << ": killed after " << kills << " calls, one in " << Step() << "\n";
  }

  // Runs the program under ptrace and kills it when it enters its n-th system call, after all that
  // the calls before have done. Only the program itself is traced: its children go their own way.
  Traced KillAtSystemCall(const Args& args, int n) {
    const Command command = caisson_.CommandFor(args);
    std::vector<char*> argv;
    for (const std::string& arg : command.argv) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
      const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
      for (int fd = 0; fd < 3; ++fd) ::dup2(null, fd);
      ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    return Follow(pid, n);
  }

  static Traced Follow(pid_t pid, int n) {
    Traced traced;
    int status = 0;
    if (::waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status)) return traced;
    ::ptrace(PTRACE_SETOPTIONS, pid, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    int deliver = 0;
    while (true) {
      ::ptrace(PTRACE_SYSCALL, pid, nullptr, deliver);
      if (::waitpid(pid, &status, 0) != pid) return traced;
      if (WIFEXITED(status)) traced.exit_code = WEXITSTATUS(status);
      if (WIFEXITED(status) || WIFSIGNALED(status)) return traced;
      const int signal = WSTOPSIG(status);
      const bool is_call = signal == (SIGTRAP | 0x80);
      deliver = is_call || signal == SIGTRAP ? 0 : signal;
      if (is_call && ++traced.stops == 2 * n + 1) break;  // each has an entry and an exit
    }
    traced.killed = true;
    ::kill(pid, SIGKILL);
    (void)::waitpid(pid, nullptr, 0);
    return traced;
  }

  void ExpectForceDeletes(const std::string& id) {
    const CommandOutput deleted = caisson_.Run({"delete", "--force", id});
    ASSERT_TRUE(deleted.status.ok()) << deleted.err;
    ASSERT_EQ(caisson_.Run({"list", "-q"}).out, "");
  }

  // What `create` and `run` work on: a cgroup with a parent, both of this container alone.
  void Prepare(const std::string& id) {
    bundle_.config().linux.cgroups_path = StrCat("/", id, "-parent/child");
    bundle_.Save();
  }
  void Create(const std::string& id) {
    Prepare(id);
    ASSERT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok())
        << caisson_.DetachedErrors();
  }
  void RunDetached(const std::string& id) {
    Prepare(id);
    ASSERT_TRUE(caisson_.RunDetached({"run", "-d", "-b", bundle_.path(), id}).status.ok())
        << caisson_.DetachedErrors();
  }
  Subject CreateAs(std::string_view name, const Args& options = {}) {
    return {.name = name,
            .least_calls = 60,
            .command =
                [this, options](const std::string& id) {
                  Args args = options;
                  args.insert(args.end(), {"create", "-b", bundle_.path(), id});
                  return args;
                },
            .before = [this](const std::string& id) { Prepare(id); }};
  }

  static int FromEnvironment(const char* name, int otherwise) {
    const char* const text = std::getenv(name);
    return text != nullptr ? ParseInt<int>(text).value_or(otherwise) : otherwise;
  }
  static int Step() { return std::max(1, FromEnvironment("CAISSON_TEST_EVERY", 20)); }
  static int First() { return FromEnvironment("CAISSON_TEST_FIRST", ::getpid() % Step()); }
};

TEST_F(Crash, Create) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(CreateAs("create"));
}

TEST_F(Crash, CreateInAUserNamespaceAndAJoinedOne) {
  // A namespace that is joined by path beside a new user namespace takes the extra first stage.
  spec::Linux& linux = bundle_.config().linux;
  linux.namespaces.push_back({.type = spec::NamespaceType::kUser});
  linux.uid_mappings = {{0, 100000, 65536}};
  linux.gid_mappings = {{0, 100000, 65536}};
  for (spec::Namespace& entry : linux.namespaces)
    if (entry.type == spec::NamespaceType::kUts) entry.path = "/proc/self/ns/uts";
  bundle_.config().hostname.clear();
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(CreateAs("userns"));
}

TEST_F(Crash, CreateWithoutACgroup) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(CreateAs("bare", {"--cgroup-manager", "disabled"}));
}

TEST_F(Crash, CreateWithoutAMountNamespace) {
  std::erase_if(bundle_.config().linux.namespaces, [](const spec::Namespace& entry) {
    return entry.type == spec::NamespaceType::kMount;
  });
  bundle_.config().linux.masked_paths.clear();
  bundle_.config().linux.readonly_paths.clear();
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(CreateAs("nomount"));
}

TEST_F(Crash, CreateWithHooks) {
  const std::vector<spec::Hook> hooks = {{.path = "/bin/true", .args = {"true"}}};
  bundle_.config().hooks = {
      .prestart = hooks, .create_runtime = hooks, .start_container = hooks, .poststop = hooks};
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall(CreateAs("hooks"));
}

TEST_F(Crash, Start) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall({.name = "start",
                  .least_calls = 25,
                  .command = [](const std::string& id) -> Args {
                    return {"start", id};
                  },
                  .before = [this](const std::string& id) { Create(id); },
                  .after =
                      [this](const std::string& id) {
                        const std::string status = caisson_.StatusOf(id);
                        EXPECT_TRUE(status == "created" || status == "running") << status;
                      }});
}

TEST_F(Crash, Delete) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall({.name = "delete",
                  .least_calls = 25,
                  .command = [](const std::string& id) -> Args {
                    return {"delete", "--force", id};
                  },
                  .before = [this](const std::string& id) { RunDetached(id); }});
}

TEST_F(Crash, DeleteOfAStoppedOne) {
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

TEST_F(Crash, Run) {
  bundle_.Args({"/bin/true"});
  KillAtEachCall({.name = "run",
                  .least_calls = 80,
                  .command = [this](const std::string& id) -> Args {
                    return {"run", "-b", bundle_.path(), id};
                  },
                  .before = [this](const std::string& id) { Prepare(id); }});
}

TEST_F(Crash, RunDetached) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall({.name = "run-d",
                  .least_calls = 80,
                  .command = [this](const std::string& id) -> Args {
                    return {"run",          "-d", "--pid-file", caisson_.dir() / "pid", "-b",
                            bundle_.path(), id};
                  },
                  .before = [this](const std::string& id) { Prepare(id); }});
}

// Killed while it freezes a container, which then holds back even SIGKILL on v1.
TEST_F(Crash, Pause) {
  bundle_.Args({"/bin/sleep", "600"});
  KillAtEachCall({.name = "pause",
                  .least_calls = 25,
                  .command = [](const std::string& id) -> Args {
                    return {"pause", id};
                  },
                  .before = [this](const std::string& id) { RunDetached(id); }});
}

class CrashOfExec : public Crash {
 protected:
  // The container lives on through all of it, and nothing that was half made stays in it.
  void KillAtEachExec(std::string_view name, const Args& options) {
    bundle_.Args({"/bin/sleep", "600"});
    const std::string container = caisson_.Id(StrCat(name, "-container"));
    ASSERT_NO_FATAL_FAILURE(RunDetached(container));
    int kills = 0;
    for (int n = First();; n += Step()) {
      SCOPED_TRACE(StrCat(name, ", call ", n));
      Args args = {"exec"};
      args.insert(args.end(), options.begin(), options.end());
      args.insert(args.end(), {container, "/bin/sleep", "0"});
      const Traced traced = KillAtSystemCall(args, n);
      ASSERT_EQ(caisson_.Run({"exec", container, "/bin/echo", "alive"}).out, "alive\n");
      kills += traced.killed ? 1 : 0;
      if (traced.killed) continue;
      EXPECT_EQ(traced.exit_code, 0);
      break;
    }
    EXPECT_GE(First() + kills * Step(), 60);
    std::cout << name << ": killed after " << kills << " calls, one in " << Step() << "\n";
    Await([&] {
      const std::string pids = caisson_.Run({"ps", "-f", "json", container}).out;
      return pids.find(',') == std::string::npos && pids.find('[') != std::string::npos;
    });
    ExpectForceDeletes(container);
  }
};

TEST_F(CrashOfExec, Exec) { KillAtEachExec("exec", {}); }

TEST_F(CrashOfExec, ExecDetached) {
  KillAtEachExec("exec-d", {"-d", "--pid-file", caisson_.dir() / "pid"});
}

}  // namespace
}  // namespace caisson::test
