// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/socket.h"
#include "runtime/launch/parent.h"

namespace caisson::launch {
namespace {

TEST(AwaitRunning, AnInitThatEndsWithoutAWordIsTold) {
  auto pair = SeqpacketPair();
  ASSERT_TRUE(pair) << pair.error().message();
  sync::Channel channel(std::move(pair->first), sync::Sequence({sync::Type::kStarting}));
  pair->second.Reset();
  // Ended, and reaped by another: nobody is told how.
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  const auto init = Pidfd::Open(child);
  ASSERT_TRUE(init);
  ASSERT_EQ(::waitpid(child, nullptr, 0), child);

  const Status running = AwaitRunning(
      *init, channel, [](const sync::Message&) { return Error(Code::kInternal, "a report"); }, {},
      Deadline::After(std::chrono::seconds(10)));

  ASSERT_FALSE(running);
  EXPECT_EQ(running.error().message(), "container init ended before it became the program");
  EXPECT_THAT(running.error().hint(), testing::HasSubstr("out of memory"));
}

}  // namespace
}  // namespace caisson::launch
