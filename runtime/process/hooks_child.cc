// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/process/hooks.h"

namespace caisson::process {
namespace {

constexpr std::size_t kTailBytes = 512;

// What the hook's process is told. It shares this memory until execve(2), like after vfork(2).
struct Launch {
  const ChildHook* hook;
  int state_fd;
  int output_fd;
  int cwd_fd;
  char* const* envp;
  int sys_errno = 0;  // why it did not come to run
};

alignas(16) char g_stack[64 * 1024];

int Fail(Launch& launch) noexcept {
  launch.sys_errno = errno;
  ::_exit(127);
}

// In the hook's process, with everything shared but the descriptors.
int BecomeHook(void* argument) noexcept {
  Launch& launch = *static_cast<Launch*>(argument);
  if (::lseek(launch.state_fd, 0, SEEK_SET) < 0) return Fail(launch);
  if (::dup2(launch.state_fd, 0) < 0 || ::dup2(launch.output_fd, 1) < 0 ||
      ::dup2(launch.output_fd, 2) < 0)
    return Fail(launch);
  const int moved = launch.cwd_fd >= 0 ? ::fchdir(launch.cwd_fd) : ::chdir("/");
  if (moved != 0) return Fail(launch);
  // Not even the directory that it was started from stays open.
  if (::syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) != 0) return Fail(launch);
  ::execve(launch.hook->path, launch.hook->argv, launch.envp);
  return Fail(launch);
}

// Milliseconds on the monotonic clock.
std::int64_t Now() noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

// The end of what was written, in fixed memory.
class Tail {
 public:
  // False when there is nothing more to come.
  bool Take(int fd) noexcept {
    char buffer[4096];
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
    const std::size_t size = static_cast<std::size_t>(got);
    const std::size_t keep = size < kTailBytes ? size : kTailBytes;
    const std::size_t old = used_ + keep > kTailBytes ? kTailBytes - keep : used_;
    std::memmove(bytes_, bytes_ + (used_ - old), old);
    std::memcpy(bytes_ + old, buffer + (size - keep), keep);
    used_ = old + keep;
    return true;
  }
  void Report(int fd) const noexcept {
    // A report that cannot be written leaves the exit status, which says enough.
    if (::pwrite(fd, bytes_, used_, 0) < 0) return;
  }

 private:
  char bytes_[kTailBytes];
  std::size_t used_ = 0;
};

// Until the process has ended: 0, or ETIMEDOUT.
int WaitEnd(int pidfd, int output, std::int64_t timeout_ms, Tail& tail) noexcept {
  const std::int64_t end = timeout_ms < 0 ? -1 : Now() + timeout_ms;
  for (;;) {
    pollfd entries[2] = {{pidfd, POLLIN, 0}, {output, POLLIN, 0}};
    std::int64_t left = -1;
    if (end >= 0) {
      left = end - Now();
      if (left <= 0) return ETIMEDOUT;
      constexpr std::int64_t kLongest = 1'000'000'000;
      if (left > kLongest) left = kLongest;
    }
    if (::poll(entries, 2, static_cast<int>(left)) < 0 && errno != EINTR) return errno;
    if (entries[1].revents != 0 && !tail.Take(output)) output = -1;
    if (entries[0].revents != 0) break;
  }
  for (int more = 0; output >= 0 && more < 64; ++more) {
    pollfd entry{output, POLLIN, 0};
    if (::poll(&entry, 1, 0) <= 0 || !tail.Take(output)) break;
  }
  return 0;
}

int StatusOf(const siginfo_t& info) noexcept {
  if (info.si_code == CLD_EXITED) return info.si_status == 0 ? 0 : kHookExit + info.si_status;
  return kHookSignal + info.si_status;
}

int Reap(int pidfd) noexcept {
  siginfo_t info{};
  while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info, WEXITED) != 0) {
    if (errno != EINTR) return errno;
  }
  return StatusOf(info);
}

int RunOne(const ChildHooksView& view, const ChildHook& hook) noexcept {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return errno;
  const bool has_env = hook.envp[0] != nullptr || view.default_envp == nullptr;
  Launch launch{&hook, view.state_fd, ends[1], view.cwd_fd,
                has_env ? hook.envp : view.default_envp};
  int pidfd = -1;
  constexpr int kFlags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD;
  const int pid = ::clone(BecomeHook, g_stack + sizeof g_stack, kFlags, &launch, &pidfd);
  const int clone_errno = errno;
  ::close(ends[1]);
  int result = clone_errno;
  if (pid >= 0) {
    Tail tail;
    const int waited = WaitEnd(pidfd, ends[0], hook.timeout_ms, tail);
    if (waited != 0) ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
    const int status = Reap(pidfd);
    result = launch.sys_errno != 0 ? launch.sys_errno : waited != 0 ? waited : status;
    if (result != 0) tail.Report(view.report_fd);
    ::close(pidfd);
  }
  ::close(ends[0]);
  return result;
}

}  // namespace

StepFailure RunChildHooks(const ChildHooksView& view) noexcept {
  for (std::size_t i = 0; i < view.count; ++i) {
    if (const int result = RunOne(view, view.hooks[i]); result != 0) return {result, i};
  }
  return {};
}

}  // namespace caisson::process
