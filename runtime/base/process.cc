// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/process.h"

#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>

#include "runtime/base/file.h"

namespace caisson {
namespace {

// Owns what posix_spawn(3) is told to do between fork and exec.
class SpawnPlan {
 public:
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  void Fill(const Command& command, const std::vector<std::pair<int, int>>& fds) {
    sigset_t none;
    sigset_t all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    if (command.new_session) flags |= POSIX_SPAWN_SETSID;
    ::posix_spawnattr_setflags(&attributes_, flags);
    if (!command.cwd.empty())
      ::posix_spawn_file_actions_addchdir_np(&actions_, command.cwd.c_str());
    int highest = 2;
    for (const auto& [ours, its] : fds) {
      ::posix_spawn_file_actions_adddup2(&actions_, ours, its);
      highest = std::max(highest, its);
    }
    for (int standard = 0; standard <= 2; ++standard) {
      if (std::none_of(fds.begin(), fds.end(), [&](const auto& p) { return p.second == standard; }))
        ::posix_spawn_file_actions_addopen(&actions_, standard, "/dev/null", O_RDWR, 0);
    }
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, highest + 1);
  }

  const posix_spawn_file_actions_t* actions() const { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

std::vector<char*> Pointers(const std::vector<std::string>& strings) {
  std::vector<char*> out;
  out.reserve(strings.size() + 1);
  for (const std::string& text : strings) out.push_back(const_cast<char*>(text.c_str()));
  out.push_back(nullptr);
  return out;
}

}  // namespace

Result<Pidfd> Pidfd::Open(pid_t host_pid) {
  const long fd = ::syscall(SYS_pidfd_open, host_pid, 0);
  if (fd < 0) return SysError("pidfd_open", StrCat("pid ", host_pid));
  return Pidfd(UniqueFd(static_cast<int>(fd)), host_pid);
}

Status Pidfd::Signal(int signal) const {
  if (::syscall(SYS_pidfd_send_signal, fd_.get(), signal, nullptr, 0) < 0)
    return SysError(StrCat("send signal ", signal), StrCat("pid ", host_pid_));
  return Ok();
}

Result<bool> Pidfd::WaitEnded(Deadline deadline) const {
  while (true) {
    pollfd entry{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    const int ready = ::poll(&entry, 1, deadline.PollTimeoutMs());
    if (ready > 0) return true;
    if (ready == 0) return false;
    if (errno != EINTR) return SysError("poll", StrCat("pid ", host_pid_));
  }
}

Result<std::optional<ExitStatus>> Pidfd::Reap(Deadline deadline) const {
  if (!deadline.never()) {
    CAISSON_ASSIGN(const bool ended, WaitEnded(deadline));
    if (!ended) return std::optional<ExitStatus>();
  }
  siginfo_t info{};
  const auto id = static_cast<id_t>(fd_.get());
  if (TEMP_FAILURE_RETRY(::waitid(P_PIDFD, id, &info, WEXITED)) < 0)
    return SysError("waitid", StrCat("pid ", host_pid_));
  ExitStatus status;
  if (info.si_code == CLD_EXITED) {
    status.code = info.si_status;
  } else {
    status.signal = info.si_status;
    status.core_dumped = info.si_code == CLD_DUMPED;
  }
  return std::optional(status);
}

ChildGuard::ChildGuard(Pidfd child) : child_(std::move(child)), maker_(::getpid()) {}

ChildGuard& ChildGuard::operator=(ChildGuard&& other) noexcept {
  if (this != &other) {
    KillAndReap();
    child_ = std::move(other.child_);
    maker_ = other.maker_;
  }
  return *this;
}

void ChildGuard::KillAndReap() {
  if (!child_.valid() || maker_ != ::getpid()) return;
  (void)child_.Signal(SIGKILL);          // it may have ended by itself
  (void)child_.Reap(Deadline::Never());  // nothing is left to report to
}

Result<ProcStat> ReadProcStat(pid_t host_pid) {
  CAISSON_ASSIGN(const std::string text,
                 ReadSmallFileAt(kCwd, StrCat("/proc/", host_pid, "/stat")));
  // The command name is in parentheses and may hold anything, so count from the last one.
  const auto after_name = text.rfind(')');
  constexpr std::size_t kFieldsAfterName = 20;  // field 3 is the first after the name
  constexpr std::size_t kFlags = 6;
  constexpr std::uint32_t kForkedOnly = 0x40;
  if (after_name != std::string::npos && after_name + 2 < text.size()) {
    const auto fields = Split(std::string_view(text).substr(after_name + 2), ' ');
    if (fields.size() >= kFieldsAfterName) {
      const auto ticks = ParseInt<std::uint64_t>(fields[kFieldsAfterName - 1]);
      const auto flags = ParseInt<std::uint32_t>(fields[kFlags]);
      if (ticks && flags && !fields[0].empty())
        return ProcStat{.state = fields[0].front(),
                        .start_time = *ticks,
                        .executed = (*flags & kForkedOnly) == 0};
    }
  }
  return Error(Code::kInternal, StrCat("/proc/", host_pid, "/stat has an unknown form"));
}

Result<std::uint64_t> ReadStartTime(pid_t host_pid) {
  CAISSON_ASSIGN(const ProcStat stat, ReadProcStat(host_pid));
  return stat.start_time;
}

Result<Pidfd> Spawn(const Command& command) {
  // The child's numbers may collide with ours, so each of ours moves above them all first.
  int ceiling = 3;
  for (const auto& [ours, its] : command.fds) ceiling = std::max(ceiling, its + 1);
  std::vector<UniqueFd> moved;
  std::vector<std::pair<int, int>> fds;
  for (const auto& [ours, its] : command.fds) {
    moved.emplace_back(::fcntl(ours, F_DUPFD_CLOEXEC, ceiling));
    if (!moved.back().valid()) return SysError("dup", StrCat("descriptor ", ours));
    fds.emplace_back(moved.back().get(), its);
  }
  SpawnPlan plan;
  plan.Fill(command, fds);
  const auto argv = Pointers(command.argv);
  const auto env = command.env ? Pointers(*command.env) : std::vector<char*>();
  pid_t pid = -1;
  const std::string& program = command.program.empty() ? command.argv[0] : command.program;
  const int err = ::posix_spawnp(&pid, program.c_str(), plan.actions(), plan.attributes(),
                                 argv.data(), command.env ? env.data() : environ);
  if (err != 0) return SysError("run", program, err);
  return Pidfd::Open(pid);  // cannot be reused before we reap it
}

}  // namespace caisson
