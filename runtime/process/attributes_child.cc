// SPDX-License-Identifier: Apache-2.0
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/proc_file.h"
#include "runtime/process/attributes.h"

namespace caisson::process {
namespace {

// Source: keyrings(7); the kernel's include/linux/key.h, which is not exported.
constexpr unsigned kPossessorAll = 0x3F000000;
constexpr unsigned kUserViewReadLink = 0x00130000;
constexpr unsigned kUserSearch = 0x00080000;
constexpr unsigned kOtherSearch = 0x00000008;

}  // namespace

int MakeNonDumpable() noexcept { return ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? 0 : errno; }

int SetOomScoreAdj(int proc_fd, std::int32_t score) noexcept {
  char text[12];
  std::size_t at = sizeof text;
  std::int64_t rest = score < 0 ? -std::int64_t{score} : score;
  do {
    text[--at] = static_cast<char>('0' + rest % 10);
    rest /= 10;
  } while (rest != 0);
  if (score < 0) text[--at] = '-';
  return WriteProcFile(proc_fd, "self/oom_score_adj", text + at, sizeof text - at);
}

int ResetSignals() noexcept {
  sigset_t none;
  ::sigemptyset(&none);
  if (::sigprocmask(SIG_SETMASK, &none, nullptr) != 0) return errno;
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  return ::sigaction(SIGPIPE, &by_default, nullptr) == 0 ? 0 : errno;
}

int CloseOnExecFrom(unsigned first) noexcept {
  return ::syscall(SYS_close_range, first, ~0U, CLOSE_RANGE_CLOEXEC) == 0 ? 0 : errno;
}

int JoinSessionKeyring(const char* name, KeyringSearch search) noexcept {
  const long keyring = ::syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);
  if (keyring < 0) return errno;
  const unsigned permissions = kPossessorAll | kUserViewReadLink |
                               (search == KeyringSearch::kAnyone ? kOtherSearch : kUserSearch);
  // An exec finds the keyring with its permissions already set, and may not be its owner.
  if (::syscall(SYS_keyctl, KEYCTL_SETPERM, keyring, permissions) < 0 && errno != EACCES)
    return errno;
  return 0;
}

}  // namespace caisson::process
