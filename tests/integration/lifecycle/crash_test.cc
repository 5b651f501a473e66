// SPDX-License-Identifier: Apache-2.0
// The runtime is killed after each of its system calls in turn; delete --force must find the rest.
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

// How a traced run came to its end.
struct Traced {
  bool killed = false;  // at the wanted system call; false: it ended by itself before
  int stops = 0;
};

class Crash : public Lifecycle {
 protected:
  // Runs the program under ptrace and kills it when it enters its n-th system call, and all that it
  // has not let go of. Only the program itself is traced: its children go their own way.
  Traced KillAtSystemCall(const std::vector<std::string>& args, int n) {
    const Command command = caisson_.CommandFor(args);
    std::vector<char*> argv;
    for (const std::string& arg : command.argv) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    const pid_t pid = ::fork();
    if (pid == 0) {
      const int null = ::open("/dev/null", O_RDWR);
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

  // CAISSON_TEST_EVERY=1 goes through every call; the default takes a sample that shifts with the
  // pid, so that many runs see all of them.
  static int Step() {
    const char* const every = std::getenv("CAISSON_TEST_EVERY");
    return every != nullptr ? ParseInt<int>(every).value_or(1) : 9;
  }
  static int First() { return ::getpid() % Step(); }
};

TEST_F(Crash, CreateKilledAtAnyCallIsCleanedUp) {
  bundle_.config().linux.cgroups_path = StrCat("/test-", ::getpid(), "-parent/child");
  bundle_.Args({"/bin/sleep", "600"});
  const std::string id = caisson_.Id("create");
  for (int n = First();; n += Step()) {
    SCOPED_TRACE(n);
    const Traced traced = KillAtSystemCall({"create", "-b", bundle_.path(), id}, n);
    ASSERT_NO_FATAL_FAILURE(ExpectForceDeletes(id));
    if (!traced.killed) break;
  }
}

TEST_F(Crash, StartKilledAtAnyCallIsCleanedUp) {
  bundle_.Args({"/bin/sleep", "600"});
  const std::string id = caisson_.Id("start");
  for (int n = First();; n += Step()) {
    SCOPED_TRACE(n);
    ASSERT_TRUE(caisson_.RunDetached({"create", "-b", bundle_.path(), id}).status.ok());
    const Traced traced = KillAtSystemCall({"start", id}, n);
    const std::string status = caisson_.StatusOf(id);
    EXPECT_TRUE(status == "created" || status == "running") << status;
    ASSERT_NO_FATAL_FAILURE(ExpectForceDeletes(id));
    if (!traced.killed) break;
  }
}

TEST_F(Crash, DeleteKilledAtAnyCallCanBeDoneAgain) {
  bundle_.Args({"/bin/sleep", "600"});
  const std::string id = caisson_.Id("delete");
  for (int n = First();; n += Step()) {
    SCOPED_TRACE(n);
    ASSERT_TRUE(caisson_.RunDetached({"run", "-d", "-b", bundle_.path(), id}).status.ok());
    const Traced traced = KillAtSystemCall({"delete", "--force", id}, n);
    ASSERT_NO_FATAL_FAILURE(ExpectForceDeletes(id));
    if (!traced.killed) break;
  }
}

TEST_F(Crash, ExecKilledAtAnyCallLeavesTheContainerUsable) {
  const std::string id = Sleeper("exec");
  for (int n = First();; n += Step()) {
    SCOPED_TRACE(n);
    const Traced traced = KillAtSystemCall({"exec", id, "/bin/sleep", "0"}, n);
    ASSERT_EQ(caisson_.Run({"exec", id, "/bin/echo", "alive"}).out, "alive\n");
    if (!traced.killed) break;
  }
}

}  // namespace
}  // namespace caisson::test
