// SPDX-License-Identifier: Apache-2.0
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "runtime/security/seccomp.h"

namespace caisson::security {
namespace {

constexpr int kPending = -1;
constexpr long kPollNs = 50'000;

// Shared by the thread that loads the filter and the one that hands the listener over.
struct Handover {
  ListenerHandover to;
  std::atomic<int> listener{kPending};  // a descriptor, or kPending
  std::atomic<bool> given_up{false};    // there will be none
  std::atomic<int> sent{kPending};      // errno of sending
};

Handover g_handover;
alignas(16) char g_stack[16 * 1024];

int SendListener(const ListenerHandover& to, int listener) noexcept {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof listener)]{};
  iovec part{const_cast<void*>(to.message), to.size};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof listener);
  std::memcpy(CMSG_DATA(rights), &listener, sizeof listener);
  ssize_t sent = -1;
  do {
    sent = ::sendmsg(to.socket, &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? errno : 0;
}

// A thread, because it shares descriptors with the one that is filtered and is not filtered itself;
// it ends with execve(2) at the latest and leaves no child to wait for. The filtered thread cannot
// wake it, since a wake-up is a system call that the profile may forbid: so it looks again and
// again, for the little time that loading takes.
int HandOver(void*) noexcept {
  while (g_handover.listener.load(std::memory_order_acquire) == kPending &&
         !g_handover.given_up.load(std::memory_order_acquire)) {
    const timespec pause{0, kPollNs};
    ::nanosleep(&pause, nullptr);
  }
  const int listener = g_handover.listener.load(std::memory_order_acquire);
  if (listener != kPending)
    g_handover.sent.store(SendListener(g_handover.to, listener), std::memory_order_release);
  ::syscall(SYS_exit, 0);
  return 0;
}

int StartHandover(const ListenerHandover& to) noexcept {
  g_handover.to = to;
  g_handover.listener.store(kPending, std::memory_order_relaxed);
  g_handover.given_up.store(false, std::memory_order_relaxed);
  g_handover.sent.store(kPending, std::memory_order_relaxed);
  constexpr int kThread =
      CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
  return ::clone(HandOver, g_stack + sizeof g_stack, kThread, nullptr) < 0 ? errno : 0;
}

}  // namespace

int LoadSeccomp(const SeccompView& view, const ListenerHandover& handover) noexcept {
  if (view.instructions == 0) return 0;
  sock_fprog program{};
  program.len = view.instructions;
  program.filter = static_cast<sock_filter*>(const_cast<void*>(view.program));
  const bool notifies = (view.flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) != 0;
  if (notifies) {
    if (const int err = StartHandover(handover); err != 0) return err;
  }
  const long loaded = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, view.flags, &program);
  if (loaded < 0) {
    const int err = errno;
    g_handover.given_up.store(true, std::memory_order_release);
    return err;
  }
  if (!notifies) return 0;
  g_handover.listener.store(static_cast<int>(loaded), std::memory_order_release);
  while (g_handover.sent.load(std::memory_order_acquire) == kPending) {
  }
  return g_handover.sent.load(std::memory_order_acquire);
}

int SetNoNewPrivileges() noexcept {
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? 0 : errno;
}

}  // namespace caisson::security
