// SPDX-License-Identifier: Apache-2.0
#include "tests/support/exchanger.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>

namespace caisson::test {

Exchanger::Exchanger(const std::string& a, const std::string& b) {
  void* const shared =
      ::mmap(nullptr, sizeof *count_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  count_ = shared == MAP_FAILED ? nullptr : new (shared) std::atomic<std::int64_t>(0);
  pid_ = count_ == nullptr ? -1 : ::fork();
  while (pid_ == 0)
    if (::syscall(SYS_renameat2, AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), RENAME_EXCHANGE) == 0)
      ++*count_;
}

Exchanger::~Exchanger() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  if (count_ != nullptr) ::munmap(count_, sizeof *count_);
}

std::int64_t Exchanger::Wanted() {
  const char* const wanted = ::getenv("CAISSON_RACE_EXCHANGES");
  return wanted == nullptr ? 100'000 : ::atoll(wanted);
}

}  // namespace caisson::test
