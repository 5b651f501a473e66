// SPDX-License-Identifier: Apache-2.0
#include "runtime/sync/sequence.h"

#include <gmock/gmock.h>

namespace caisson::sync {
namespace {

using ::testing::HasSubstr;

Message Of(Type type) {
  Message message;
  message.type = type;
  return message;
}

TEST(Sequence, TakesTheExpectedMessagesInOrder) {
  Sequence sequence({Type::kHooksWanted, Type::kCreated});

  EXPECT_TRUE(sequence.Accept(Of(Type::kHooksWanted)));
  EXPECT_FALSE(sequence.complete());
  EXPECT_TRUE(sequence.Accept(Of(Type::kCreated)));
  EXPECT_TRUE(sequence.complete());
}

TEST(Sequence, RefusesASkippedMessageAndNamesBoth) {
  Sequence sequence({Type::kConsole, Type::kCreated});

  const Status taken = sequence.Accept(Of(Type::kCreated));

  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), Code::kInternal);
  EXPECT_EQ(taken.error().message(), "sync socket: Created instead of Console");
}

TEST(Sequence, RefusesAMessageAfterTheEnd) {
  Sequence sequence({});

  const Status taken = sequence.Accept(Of(Type::kCreated));

  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message(), "sync socket: Created instead of the end");
}

TEST(Sequence, TakesFailedAtAnyTimeAndNothingAfterIt) {
  Sequence sequence({Type::kCreated});

  EXPECT_TRUE(sequence.Accept(Of(Type::kFailed)));
  const Status taken = sequence.Accept(Of(Type::kCreated));

  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message(), "sync socket: Created after Failed");
}

TEST(Sequence, RefusesAnotherVersionWithARemedy) {
  Sequence sequence({Type::kCreated});
  Message message = Of(Type::kCreated);
  message.version = 9;

  const Status taken = sequence.Accept(message);

  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().code(), Code::kUnsupported);
  EXPECT_EQ(taken.error().message(), "sync socket: the peer speaks version 9, this is 1");
  EXPECT_THAT(taken.error().hint(), HasSubstr("start the container with"));
}

TEST(Sequence, RefusesAPacketWithoutTheMagicNumber) {
  Sequence sequence({Type::kCreated});
  Message message = Of(Type::kCreated);
  message.magic = 0;

  const Status taken = sequence.Accept(message);

  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().message(), "sync socket: packet without the magic number");
}

TEST(Names, EveryPhaseAndTypeHasItsOwn) {
  for (int i = 0; i < static_cast<int>(Phase::kCount); ++i) {
    for (int j = 0; j < i; ++j)
      EXPECT_NE(NameOf(static_cast<Phase>(i)), NameOf(static_cast<Phase>(j)));
  }
  for (int i = 0; i < static_cast<int>(Type::kCount); ++i)
    EXPECT_FALSE(NameOf(static_cast<Type>(i)).empty());
  EXPECT_EQ(NameOf(Phase::kExec), "exec");
  EXPECT_EQ(NameOf(Type::kFailed), "Failed");
}

}  // namespace
}  // namespace caisson::sync
