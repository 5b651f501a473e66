// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <signal.h>

#include "runtime/base/error.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/process.h"
#include "runtime/base/rollback.h"
#include "runtime/base/run_command.h"
#include "runtime/base/socket.h"
#include "tests/support/temp_dir.h"

namespace caisson {
namespace {

using std::chrono::seconds;
using test::TempDir;
using testing::ElementsAre;
using testing::HasSubstr;

Status Fails() { return SysError("mount", "/proc", EPERM).Hint("inner"); }
Status Outer() {
  CAISSON_TRY(Fails(), "mount #", 3);
  return Ok();
}

TEST(Error, ChainReadsFromOutsideInAndKeepsTheInnermostHint) {
  Error error = Outer().error();
  error = std::move(error).Wrap("create").Hint("outer");

  EXPECT_EQ(error.message(), "create: mount #3: mount \"/proc\": Operation not permitted (EPERM)");
  EXPECT_EQ(error.hint(), "inner");
  EXPECT_EQ(error.code(), Code::kDenied);
  EXPECT_THAT(error.ToString(), HasSubstr(" (try: inner)"));
}

TEST(ParseInt, TakesTheWholeTextOrNothing) {
  EXPECT_EQ(ParseInt<unsigned>("4294967295"), 4294967295u);
  for (const char* bad : {"", "4294967296", "-1", "1 ", " 1", "0x1", "1e3"})
    EXPECT_FALSE(ParseInt<std::uint32_t>(bad)) << bad;
}

TEST(Rollback, RunsNewestFirstUnlessDisarmed) {
  std::string order;
  {
    Rollback undo;
    undo.Add([&] { order += "a"; });
    undo.Add([&] { order += "b"; });
  }
  EXPECT_EQ(order, "ba");
  {
    Rollback undo;
    undo.Add([&] { order += "c"; });
    undo.Disarm();
  }
  EXPECT_EQ(order, "ba");
}

TEST(AtomicWriteAt, ReplacesAndLeavesNoDraft) {
  const TempDir dir;
  ASSERT_TRUE(AtomicWriteAt(dir.Open(), "state", "one", 0600, Durability::kPowerLoss));
  ASSERT_TRUE(AtomicWriteAt(dir.Open(), "state", "two", 0600, Durability::kPowerLoss));
  EXPECT_EQ(dir.Read("state"), "two");
  const auto listing =
      RunCommand({.argv = {"ls", "-A", dir.path()}}, "", Deadline::After(seconds(10)));
  EXPECT_EQ(listing->out, "state\n");
}

TEST(ReadFile, OversizeIsRefused) {
  const TempDir dir;
  dir.Write("big", std::string(100, 'x'));
  const auto text = ReadFile(dir / "big", 99);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().code(), Code::kInvalidSpec);
  EXPECT_TRUE(ReadFile(dir / "big", 100));
}

TEST(RunCommand, FeedsInputAndCollectsBothOutputs) {
  const auto ran = RunCommand({.argv = {"sh", "-c", "cat; echo err >&2; exit 7"}}, "in",
                              Deadline::After(seconds(10)));
  ASSERT_TRUE(ran) << ran.error().message();
  EXPECT_EQ(ran->out, "in");
  EXPECT_EQ(ran->err, "err\n");
  EXPECT_EQ(ran->status.code, 7);
}

TEST(RunCommand, IsKilledAtTheDeadline) {
  const auto ran =
      RunCommand({.argv = {"sleep", "100"}}, "", Deadline::After(std::chrono::milliseconds(50)));
  ASSERT_FALSE(ran);
  EXPECT_EQ(ran.error().sys_errno(), ETIMEDOUT);
}

TEST(Spawn, UnknownProgramIsAnErrorThatNamesIt) {
  const auto child = Spawn({.argv = {"/no/such/program"}});
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().message(),
            "run \"/no/such/program\": No such file or directory (ENOENT)");
}

TEST(ChildGuard, KillsAndReaps) {
  auto child = Spawn({.argv = {"sleep", "100"}});
  ASSERT_TRUE(child);
  const pid_t pid = child->host_pid();
  { const ChildGuard guard(std::move(child).value()); }
  EXPECT_EQ(::kill(pid, 0), -1);
}

TEST(Pidfd, ReportsTheSignalThatKilled) {
  auto child = Spawn({.argv = {"sleep", "100"}});
  ASSERT_TRUE(child);
  ASSERT_TRUE(child->Signal(SIGTERM));
  const auto ended = child->Reap(Deadline::After(seconds(10)));
  ASSERT_TRUE(ended && ended->has_value());
  EXPECT_EQ((*ended)->signal, SIGTERM);
  EXPECT_EQ((*ended)->ShellCode(), 143);
}

TEST(Packet, CarriesDescriptors) {
  auto pair = SeqpacketPair();
  ASSERT_TRUE(pair);
  const TempDir dir;
  dir.Write("f", "through the socket");
  const UniqueFd file(::open((dir / "f").c_str(), O_RDONLY | O_CLOEXEC));
  const int fds[] = {file.get()};
  ASSERT_TRUE(SendPacket(pair->first, "hi", fds));

  auto got = ReceivePacket(pair->second, 100);

  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(got->bytes, "hi");
  ASSERT_EQ(got->fds.size(), 1u);
  EXPECT_EQ(*ReadFd(got->fds[0], "f"), "through the socket");
}

TEST(ListenUnix, LongPathIsRefusedBeforeTheCall) {
  const auto fd = ListenUnix("/tmp/" + std::string(120, 'x'), SocketType::kStream);
  ASSERT_FALSE(fd);
  EXPECT_EQ(fd.error().code(), Code::kInvalidSpec);
  EXPECT_EQ(fd.error().hint(), "use a shorter directory");
}

TEST(FormatLogLine, JsonEscapesWhatUsersSend) {
  EXPECT_EQ(
      FormatLogLine(LogFormat::kJson, "T", LogLevel::kError, "a \"b\"\n\xFF", {{"k", "v"}}),
      "{\"level\":\"error\",\"msg\":\"a \\\"b\\\"\\n\xEF\xBF\xBD\",\"k\":\"v\",\"time\":\"T\"}\n");
}

TEST(StrCat, JoinsStringsAndNumbers) {
  EXPECT_EQ(StrCat("a", 1, '-', 2u, std::string("b")), "a1-2b");
}
TEST(Split, KeepsEmptyPieces) { EXPECT_THAT(Split("a,,b", ','), ElementsAre("a", "", "b")); }

}  // namespace
}  // namespace caisson
