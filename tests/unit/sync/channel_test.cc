// SPDX-License-Identifier: Apache-2.0
#include "runtime/sync/channel.h"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "runtime/base/socket.h"
#include "runtime/sync/sync_child.h"

namespace caisson::sync {
namespace {

struct Ends {
  Channel parent;
  UniqueFd child;
};

Ends MakeEnds(std::vector<Type> expected) {
  auto pair = SeqpacketPair();
  EXPECT_TRUE(pair);
  return {Channel(std::move(pair->first), Sequence(std::move(expected))), std::move(pair->second)};
}

TEST(Channel, PassesADescriptorBesideItsMessage) {
  Ends ends = MakeEnds({Type::kConsole});
  int pipe_ends[2];
  ASSERT_EQ(::pipe2(pipe_ends, O_CLOEXEC), 0);
  const UniqueFd reader(pipe_ends[0]);
  const UniqueFd writer(pipe_ends[1]);

  ASSERT_EQ(SendFromChild(ends.child.get(), Type::kConsole, 7, writer.get()), 0);
  auto got = ends.parent.Receive(Deadline::Never());

  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->message.value, 7);
  ASSERT_TRUE(got->fd.valid());
  EXPECT_EQ(::write(got->fd.get(), "x", 1), 1);
  char byte = 0;
  EXPECT_EQ(::read(reader.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'x');
}

TEST(Channel, ReportsTheEndOfThePeerAsAValue) {
  Ends ends = MakeEnds({Type::kCreated});
  ends.child.Reset();

  const auto got = ends.parent.Receive(Deadline::Never());

  ASSERT_TRUE(got);
  EXPECT_TRUE(got->eof);
}

// The kernel tells the reset first and the packet after it.
TEST(Channel, HearsAPeerThatEndedWithoutReadingWhatItWasSent) {
  Ends ends = MakeEnds({Type::kCreated});
  ASSERT_TRUE(ends.parent.Send(Type::kContinue));
  ASSERT_EQ(SendFromChild(ends.child.get(), Type::kCreated), 0);
  ends.child.Reset();

  const auto got = ends.parent.Receive(Deadline::Never());
  const auto end = ends.parent.Receive(Deadline::Never());

  ASSERT_TRUE(got) << got.error().message();
  EXPECT_FALSE(got->eof);
  EXPECT_EQ(got->message.type, Type::kCreated);
  ASSERT_TRUE(end);
  EXPECT_TRUE(end->eof);
}

TEST(Channel, GivesUpAtTheDeadline) {
  Ends ends = MakeEnds({Type::kCreated});

  const auto got = ends.parent.Receive(Deadline::After(std::chrono::milliseconds(1)));

  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().sys_errno(), ETIMEDOUT);
  EXPECT_EQ(got.error().message(), "no answer from init before the deadline");
}

TEST(Channel, RefusesAPacketOfAnotherSize) {
  Ends ends = MakeEnds({Type::kCreated});
  ASSERT_EQ(::send(ends.child.get(), "short", 5, 0), 5);

  const auto got = ends.parent.Receive(Deadline::Never());

  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code(), Code::kInternal);
  EXPECT_EQ(got.error().message(), "sync socket: malformed packet");
}

TEST(DieInChild, TellsPhaseItemAndErrnoThenEnds) {
  Ends ends = MakeEnds({Type::kCreated});
  const pid_t pid = ::fork();
  if (pid == 0)
    DieInChild(ends.child.get(), Phase::kMounts, StepFailure{.sys_errno = EPERM, .item = 3});
  ends.child.Reset();

  const auto got = ends.parent.Receive(Deadline::Never());

  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WEXITSTATUS(status), 1);
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->message.type, Type::kFailed);
  EXPECT_EQ(got->message.phase, Phase::kMounts);
  EXPECT_EQ(got->message.item, 3);
  EXPECT_EQ(got->message.sys_errno, EPERM);
}

TEST(AwaitInChild, TakesOnlyWhatItWaitsFor) {
  Ends ends = MakeEnds({});
  ASSERT_TRUE(ends.parent.Send(Type::kContinue, 42));
  ASSERT_TRUE(ends.parent.Send(Type::kHooksDone));
  int value = 0;

  EXPECT_EQ(AwaitInChild(ends.child.get(), Type::kContinue, &value), 0);
  EXPECT_EQ(value, 42);
  EXPECT_EQ(AwaitInChild(ends.child.get(), Type::kStart), EPROTO);
  ends.parent.Close();
  EXPECT_EQ(AwaitInChild(ends.child.get(), Type::kStart), EPIPE);
}

}  // namespace
}  // namespace caisson::sync
