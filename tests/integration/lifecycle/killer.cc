// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/lifecycle/killer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>

#include "runtime/base/deadline.h"
#include "runtime/base/file.h"

namespace caisson::test {
namespace {

constexpr std::chrono::seconds kLimit{30};

// SIGCHLD is blocked while this lives, so that it can be waited for with a deadline.
class HeldSigchld {
 public:
  HeldSigchld() {
    ::sigemptyset(&sigchld_);
    ::sigaddset(&sigchld_, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &sigchld_, &before_);
  }
  HeldSigchld(const HeldSigchld&) = delete;
  HeldSigchld& operator=(const HeldSigchld&) = delete;
  ~HeldSigchld() { Restore(); }
  void Restore() const { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

  // The next change of any child or traced process; 0 when the deadline passed first.
  pid_t WaitAny(int& status, Deadline deadline) const {
    while (true) {
      const pid_t pid = ::waitpid(-1, &status, __WALL | WNOHANG);
      if (pid != 0) return pid;
      const int left = deadline.PollTimeoutMs();
      if (left == 0) return 0;
      const timespec limit{.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1'000'000L};
      (void)::sigtimedwait(&sigchld_, nullptr, &limit);
    }
  }

 private:
  sigset_t sigchld_{};
  sigset_t before_{};
};

class Killer {
 public:
  Killer(const Command& command, const Kill& kill)
      : kill_(kill), memory_(::memfd_create("said", 0)) {
    if (kill.init > 0) Seize(kill.init);
    StartCommand(command);
  }
  Killer(const Killer&) = delete;
  Killer& operator=(const Killer&) = delete;

  Killed Run() {
    const Deadline deadline = Deadline::After(kLimit);
    while (!command_ended_) {
      int status = 0;
      const pid_t pid = sigchld_.WaitAny(status, deadline);
      if (pid <= 0) break;
      Take(pid, status);
    }
    result_.in_time = command_ended_;
    LetGo();
    if (auto said = ReadFile(StrCat("/proc/self/fd/", memory_.get()))) result_.said = *said;
    return std::move(result_);
  }

 private:
  // Whoever it clones is traced too, when it is the container's side that counts.
  void Seize(pid_t pid) {
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC;
    if (kill_.victim == Victim::kContainerSide)
      options |= PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
    if (::ptrace(PTRACE_SEIZE, pid, nullptr, options) != 0) ADD_FAILURE() << "seize " << pid;
    ::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
    in_program_[pid] = false;
  }

  // It waits for the word to go until it is traced.
  void StartCommand(const Command& command) {
    std::vector<char*> argv;
    for (const std::string& arg : command.argv) argv.push_back(const_cast<char*>(arg.c_str()));
    argv.push_back(nullptr);
    int go[2] = {-1, -1};
    ASSERT_EQ(::pipe2(go, O_CLOEXEC), 0);
    command_ = ::fork();
    if (command_ == 0) {
      char byte = 0;
      if (::read(go[0], &byte, 1) != 1) ::_exit(127);
      sigchld_.Restore();
      ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
      ::dup2(memory_.get(), 1);
      ::dup2(memory_.get(), 2);
      ::close_range(3, ~0U, 0);
      ::execv(argv[0], argv.data());
      ::_exit(127);
    }
    Seize(command_);
    EXPECT_EQ(::write(go[1], "x", 1), 1);
    ::close(go[0]);
    ::close(go[1]);
  }

  void Take(pid_t pid, int status) {
    if (!WIFSTOPPED(status)) {
      in_program_.erase(pid);
      if (pid != command_) return;
      command_ended_ = true;
      if (WIFEXITED(status)) result_.status.code = WEXITSTATUS(status);
      if (WIFSIGNALED(status)) result_.status.signal = WTERMSIG(status);
      return;
    }
    // A new one may be seen before its maker tells of it.
    bool& in_program = in_program_.try_emplace(pid, false).first->second;
    const int event = status >> 16;
    const int signal = WSTOPSIG(status);
    if (event == PTRACE_EVENT_EXEC) {
      in_program = true;
      if (pid != command_) return Detach(pid);
    }
    if (signal == (SIGTRAP | 0x80) && IsCounted(pid) && EntersTheCall(pid)) {
      result_.killed = true;
      ::kill(pid, SIGKILL);
      return;
    }
    const bool own = event == 0 && signal != (SIGTRAP | 0x80) && signal != SIGTRAP;
    ::ptrace(IsCounted(pid) ? PTRACE_SYSCALL : PTRACE_CONT, pid, nullptr, own ? signal : 0);
  }

  // The command counts from its execve on, the container's side until then.
  bool IsCounted(pid_t pid) const {
    if (result_.killed) return false;
    if (kill_.victim == Victim::kCommand) return pid == command_ && in_program_.at(pid);
    return pid != command_ && !in_program_.at(pid);
  }

  bool EntersTheCall(pid_t pid) {
    __ptrace_syscall_info info{};
    if (::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) <= 0) return false;
    if (info.op != PTRACE_SYSCALL_INFO_ENTRY) return false;
    // Who ends by itself has done its part: killed there it would not be missed.
    if (info.entry.nr == SYS_exit_group && kill_.victim == Victim::kContainerSide) return false;
    return calls_++ == kill_.call;
  }

  void Detach(pid_t pid) {
    ::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
    in_program_.erase(pid);
  }

  // The command has ended or hangs; what is still traced (an init that waits to be started) goes on
  // without us.
  void LetGo() {
    if (!command_ended_) ::kill(command_, SIGKILL);
    const std::map<pid_t, bool> left = in_program_;
    for (const auto& [pid, in_program] : left) ::ptrace(PTRACE_INTERRUPT, pid, nullptr, nullptr);
    const Deadline deadline = Deadline::After(kLimit);
    while (!in_program_.empty()) {
      int status = 0;
      const pid_t pid = sigchld_.WaitAny(status, deadline);
      if (pid <= 0) break;
      if (WIFSTOPPED(status) && pid != command_)
        Detach(pid);
      else
        in_program_.erase(pid);
    }
  }

  Kill kill_;
  UniqueFd memory_;
  HeldSigchld sigchld_;
  pid_t command_ = -1;
  std::map<pid_t, bool> in_program_;  // all that are traced
  int calls_ = 0;
  bool command_ended_ = false;
  Killed result_;
};

}  // namespace

Killed RunAndKill(const Command& command, const Kill& kill) { return Killer(command, kill).Run(); }

}  // namespace caisson::test
