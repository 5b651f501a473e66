// SPDX-License-Identifier: Apache-2.0
#include "runtime/criu/descriptors.h"

#include <gmock/gmock.h>

#include "runtime/base/pipe.h"
#include "runtime/base/process.h"
#include "runtime/criu/log.h"
#include "tests/support/temp_dir.h"

namespace caisson::criu {
namespace {

using test::TempDir;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Descriptors, OfAProcessAreItsPipesAndFiles) {
  auto pipe = MakePipe("test");
  ASSERT_TRUE(pipe);
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  auto child =
      Spawn({.argv = {"sleep", "60"}, .fds = {{pipe->write_end.get(), 1}, {null.get(), 2}}});
  ASSERT_TRUE(child);
  const ChildGuard guard(std::move(child).value());

  const auto streams = StandardStreams(guard.child().host_pid());

  ASSERT_EQ(streams.size(), 3U);
  EXPECT_THAT(streams[1], ::testing::StartsWith("pipe:["));
  EXPECT_EQ(OutsideName(streams[1]), streams[1]);
  // Its mount is one of the process's own.
  EXPECT_EQ(streams[2], "/dev/null");
  EXPECT_EQ(OutsideName(streams[2]), "");
}

TEST(Descriptors, AFileOutsideHasANameAndAMode) {
  EXPECT_EQ(OutsideName("file[18:4]20666"), "file[18:4]");
  EXPECT_EQ(OutsideMode("file[18:4]20666"), mode_t{020666});
  EXPECT_EQ(OutsideMode("pipe:[12]"), std::nullopt);
  EXPECT_EQ(OutsideMode("file[18:4]/etc/shadow"), std::nullopt);
  EXPECT_EQ(OutsideName("file[18"), "");
}

TEST(Descriptors, AreReadAsTheyWereWritten) {
  const TempDir image;
  const std::vector<std::string> streams = {"/dev/null", "pipe:[1]", "file[18:4]100644"};

  ASSERT_TRUE(WriteDescriptors(image.path(), streams));

  const auto read = ReadDescriptors(image.path());
  ASSERT_TRUE(read);
  EXPECT_EQ(*read, streams);
}

TEST(Descriptors, AnImageWithoutThemHasNone) {
  const TempDir image;

  const auto read = ReadDescriptors(image.path());

  ASSERT_TRUE(read);
  EXPECT_THAT(*read, IsEmpty());
}

TEST(Descriptors, AFileThatIsNoListOfTextsIsRefused) {
  const TempDir image;
  for (const char* const text : {"", "{", "{}", "[1]", "[\"a\", null]", "\"a\""}) {
    ASSERT_TRUE(AtomicWriteAt(kCwd, image / "descriptors.json", text, 0600, Durability::kThisBoot));

    const auto read = ReadDescriptors(image.path());

    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), Code::kInvalidSpec);
    EXPECT_THAT(read.error().ToString(), HasSubstr("descriptors.json: not a list of texts"));
  }
}

TEST(LastError, IsTheCauseAndNotThatItFailed) {
  EXPECT_EQ(LastError("(00.1) Error (criu/a.c:1): First\n(00.2) Warn  (criu/b.c:2): no\n"
                      "(00.3) Error (criu/c.c:3): Can't lookup mount=24\n"
                      "(00.4) Error (criu/cr-dump.c:4): Dumping FAILED.\n"),
            "Can't lookup mount=24");
  EXPECT_EQ(LastError("(00.4) Error (criu/cr-dump.c:4): Dumping FAILED.\n"), "Dumping FAILED.");
  EXPECT_EQ(LastError("nothing of the kind"), "");
}

TEST(Judge, TellsTheCauseAndWhereToReadMore) {
  const TempDir work;
  const std::string log = work / "dump.log";
  ASSERT_TRUE(AtomicWriteAt(kCwd, log, "(0.1) Error (criu/x.c:1): No space left\n", 0600,
                            Durability::kThisBoot));

  EXPECT_TRUE(Judge("dump", {.code = 0}, log));
  EXPECT_EQ(Judge("dump", {.code = 1}, log).error().ToString(),
            StrCat("criu dump: No space left (exit status 1) (try: read ", log,
                   ", and see what `criu check` says)"));
  EXPECT_THAT(Judge("dump", {.signal = 9}, work / "none").error().ToString(),
              HasSubstr("criu dump: killed by signal 9 (try: "));
}

}  // namespace
}  // namespace caisson::criu
