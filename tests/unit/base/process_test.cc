// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace caisson {
namespace {

TEST(ReadProcStat, TellsAProgramFromAForkEvenWhenItHasEnded) {
  const pid_t fork = ::fork();
  if (fork == 0) {
    ::pause();
    ::_exit(0);
  }
  const auto alive = ReadProcStat(fork);
  ::kill(fork, SIGKILL);
  siginfo_t info{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(fork), &info, WEXITED | WNOWAIT), 0);
  const auto dead = ReadProcStat(fork);
  ASSERT_EQ(::waitpid(fork, nullptr, 0), fork);

  ASSERT_TRUE(alive && dead);
  EXPECT_FALSE(alive->executed);
  EXPECT_FALSE(dead->executed);
  EXPECT_EQ(dead->state, 'Z');
  EXPECT_TRUE(ReadProcStat(::getpid())->executed);
}

}  // namespace
}  // namespace caisson
