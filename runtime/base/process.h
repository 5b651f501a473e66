// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson {

// How a process ended: exited with a code, or killed by a signal. The shell's 128 + n is a matter
// of display and lives with the programs that print it.
struct ExitStatus {
  int code = 0;    // exit code; 0 when signalled
  int signal = 0;  // 0 when it exited
  bool core_dumped = false;
  bool ok() const { return code == 0 && signal == 0; }
  // What a shell would show: the code, or 128 + signal.
  int ShellCode() const { return signal != 0 ? 128 + signal : code; }
  friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

// A process by pidfd, so that a reused pid is never signalled. The destructor closes; it never
// kills. Thread-compatible: one owner at a time.
class [[nodiscard]] Pidfd {
 public:
  Pidfd() = default;
  Pidfd(UniqueFd fd, pid_t host_pid) : fd_(std::move(fd)), host_pid_(host_pid) {}

  // Errors: kNotFound when there is no such process.
  // Source: pidfd_open(2).
  static Result<Pidfd> Open(pid_t host_pid);

  // Errors: kNotFound when it has ended and was reaped.
  // Source: pidfd_send_signal(2).
  Status Signal(int signal) const;

  // Waits until it has ended, child or not; does not reap. False when the deadline passed first.
  Result<bool> WaitEnded(Deadline deadline) const;

  // Reaps a child of this process that has ended or will. Nothing when the deadline passed first.
  // Source: waitid(2), P_PIDFD.
  Result<std::optional<ExitStatus>> Reap(Deadline deadline) const;

  bool valid() const { return fd_.valid(); }
  const UniqueFd& fd() const { return fd_; }
  pid_t host_pid() const { return host_pid_; }

 private:
  UniqueFd fd_;
  pid_t host_pid_ = -1;
};

// A child that is not yet safe to leave alone: killed and reaped on destruction, but only by the
// process that made the guard, so that a forked copy of it does nothing.
class [[nodiscard]] ChildGuard {
 public:
  ChildGuard() = default;
  explicit ChildGuard(Pidfd child);
  ChildGuard(ChildGuard&& other) noexcept = default;
  ChildGuard& operator=(ChildGuard&& other) noexcept;
  ChildGuard(const ChildGuard&) = delete;
  ChildGuard& operator=(const ChildGuard&) = delete;
  ~ChildGuard() { KillAndReap(); }

  const Pidfd& child() const { return child_; }
  // The child is on its own from now on.
  Pidfd Disarm() { return std::exchange(child_, Pidfd()); }

 private:
  void KillAndReap();
  Pidfd child_;
  pid_t maker_ = -1;
};

// What /proc says of a process.
struct ProcStat {
  char state = '?';              // 'R', 'S', 'D', 'Z' (ended, not reaped), 'X' and others
  std::uint64_t start_time = 0;  // clock ticks since boot: tells a pid from its reuse
  bool executed = false;         // it has become a program of its own since it was cloned
};
// Errors: kNotFound when there is no such process.
// Source: proc_pid_stat(5), fields 3, 9 and 22; PF_FORKNOEXEC in the kernel's sched.h.
Result<ProcStat> ReadProcStat(pid_t host_pid);

// The start time alone.
Result<std::uint64_t> ReadStartTime(pid_t host_pid);

// A program to start beside this one.
struct Command {
  std::vector<std::string> argv;  // argv[0] is the program: a path, or a name to look for in PATH
  std::string program;            // when given, this is run, and argv[0] is only what it is called
  std::optional<std::vector<std::string>> env;  // absent: this process's own
  std::vector<std::pair<int, int>> fds;         // ours -> its number; all others are closed
  std::string cwd;                              // empty: this process's own
  bool new_session = false;                     // setsid(2)
};

// Starts it with default signal dispositions and an empty signal mask. Safe in threaded programs.
// 0, 1 and 2 are /dev/null unless `fds` names them.
// Errors: kNotFound and kDenied when the program cannot be run.
// Source: posix_spawn(3).
Result<Pidfd> Spawn(const Command& command);

}  // namespace caisson
