// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/terminal.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <termios.h>

#include "runtime/base/path.h"
#include "runtime/base/socket.h"
#include "runtime/process/terminal_relay.h"
#include "tests/support/in_child.h"
#include "tests/support/need.h"
#include "tests/support/temp_dir.h"

namespace caisson::process {
namespace {

using test::InChild;
using test::InNamespaces;
using test::Need;
using test::TempDir;

// In a mount namespace with a devpts of its own at `root`/dev/pts.
std::string WithDevpts(const TempDir& root, const std::function<std::string(int)>& body) {
  (void)MakeDirs(root / "dev/pts", 0755);
  return InNamespaces(CLONE_NEWNS,
                      [&]() -> std::string {
                        if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
                          return "private";
                        if (::mount("devpts", (root / "dev/pts").c_str(), "devpts", 0,
                                    "newinstance,ptmxmode=0666,mode=0620") != 0)
                          return "mount";
                        const UniqueFd devpts(
                            ::open((root / "dev/pts").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
                        return body(devpts.get());
                      })
      .said;
}

TEST(PlanTerminal, TakesSizeAndOwner) {
  spec::Process process;
  EXPECT_FALSE(PlanTerminal(process)->wanted);
  process.terminal = true;
  process.user.uid = 5;
  process.console_size = {.height = 25, .width = 80};
  const auto plan = PlanTerminal(process);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->rows, 25);
  EXPECT_EQ(plan->columns, 80);
  EXPECT_EQ(plan->uid, 5u);

  process.console_size->width = 70000;
  EXPECT_EQ(PlanTerminal(process).error().message(),
            "process.consoleSize: 25 x 70000 is over 65535");
}

TEST(OpenTerminal, BelongsToTheUserAndHasTheSize) {
  CAISSON_REQUIRE(Need::kRoot);
  const TempDir root;
  const std::string said = WithDevpts(root, [](int devpts) -> std::string {
    const Terminal terminal =
        OpenTerminal(devpts, {.wanted = true, .rows = 33, .columns = 99, .uid = 1234});
    if (!terminal.failure.ok())
      return ExplainTerminal(terminal.failure.step, terminal.failure.sys_errno).message();
    winsize size{};
    ::ioctl(terminal.slave, TIOCGWINSZ, &size);
    struct stat info {};
    ::fstat(terminal.slave, &info);
    return StrCat(size.ws_row, " ", size.ws_col, " ", info.st_uid);
  });

  EXPECT_EQ(said, "33 99 1234");
}

TEST(OpenTerminal, Cve2025_52565_ForeignFileNamedPtmxIsNotATerminal) {
  const TempDir fake;
  fake.Write("ptmx", "");
  const UniqueFd dir = fake.Open();

  const Terminal terminal = OpenTerminal(dir.get(), {.wanted = true});

  EXPECT_EQ(terminal.failure.step, TerminalStep::kForeign);
  EXPECT_EQ(ExplainTerminal(terminal.failure.step, terminal.failure.sys_errno).message(),
            "process.terminal: check file system of \"pseudoterminal\": Invalid cross-device link "
            "(EXDEV)");
  ::close(terminal.master);
}

TEST(OpenTerminal, NoDevptsHasARemedy) {
  const TempDir empty;
  const UniqueFd dir = empty.Open();

  const Terminal terminal = OpenTerminal(dir.get(), {.wanted = true});

  EXPECT_EQ(ExplainTerminal(terminal.failure.step, terminal.failure.sys_errno).ToString(),
            "process.terminal: open \"/dev/pts/ptmx\": No such file or directory (ENOENT) (try: "
            "mount a devpts on /dev/pts (option newinstance))");
}

TEST(MountConsole, SlaveItselfLiesOnDevConsole) {
  CAISSON_REQUIRE(Need::kRoot);
  const TempDir root;
  const std::string said = WithDevpts(root, [&](int devpts) -> std::string {
    const Terminal terminal = OpenTerminal(devpts, {.wanted = true});
    const UniqueFd root_fd = root.Open();
    const TerminalFailure failure = MountConsole(root_fd.get(), terminal.slave);
    if (!failure.ok()) return ExplainTerminal(failure.step, failure.sys_errno).message();
    struct stat console {};
    struct stat slave {};
    ::stat((root / "dev/console").c_str(), &console);
    ::fstat(terminal.slave, &slave);
    return console.st_rdev == slave.st_rdev && S_ISCHR(console.st_mode) ? "same" : "different";
  });

  EXPECT_EQ(said, "same");
}

TEST(MountConsole, LinkInTheImageIsNotFollowed) {
  CAISSON_REQUIRE(Need::kRoot);
  const TempDir root;
  root.Write("target", "");
  (void)MakeDirs(root / "dev", 0755);
  ASSERT_EQ(::symlink("/target", (root / "dev/console").c_str()), 0);
  const std::string said = WithDevpts(root, [&](int devpts) -> std::string {
    const Terminal terminal = OpenTerminal(devpts, {.wanted = true});
    const UniqueFd root_fd = root.Open();
    const TerminalFailure failure = MountConsole(root_fd.get(), terminal.slave);
    return ExplainTerminal(failure.step, failure.sys_errno).message();
  });

  EXPECT_EQ(said,
            "process.terminal: open \"/dev/console\": Too many levels of symbolic links (ELOOP)");
}

TEST(SendTerminal, MasterArrivesWithItsNameAndCarriesBytes) {
  CAISSON_REQUIRE(Need::kRoot);
  const TempDir root;
  auto listener = ListenUnix(root / "console", SocketType::kStream);
  ASSERT_TRUE(listener) << listener.error().message();
  auto client = ConnectConsole(root / "console");
  ASSERT_TRUE(client) << client.error().message();
  const UniqueFd server(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));

  const std::string said = WithDevpts(root, [&](int devpts) -> std::string {
    if (::setsid() < 0) return "setsid";
    const Terminal terminal = OpenTerminal(devpts, {.wanted = true});
    const TerminalFailure sent = SendTerminal(client->get(), terminal.master);
    if (!sent.ok()) return "send";
    const TerminalFailure attached = AttachTerminal(terminal.slave);
    if (!attached.ok()) return "attach";
    if (::tcgetsid(0) != ::getpid()) return "not the controlling terminal";
    return ::write(1, "hello", 5) == 5 ? "" : "write";
  });

  EXPECT_EQ(said, "");
  auto packet = ReceivePacket(server, 64);
  ASSERT_TRUE(packet) << packet.error().message();
  EXPECT_EQ(packet->bytes, "/dev/ptmx");
  ASSERT_EQ(packet->fds.size(), 1u);
  char bytes[16]{};
  EXPECT_EQ(::read(packet->fds[0].get(), bytes, sizeof bytes), 5);
  EXPECT_STREQ(bytes, "hello");
}

TEST(ConnectConsole, MissingSocketIsNamed) {
  const auto socket = ConnectConsole("/nowhere/console");
  ASSERT_FALSE(socket);
  EXPECT_EQ(socket.error().message(),
            "console socket: connect \"/nowhere/console\": No such file or directory (ENOENT)");
}

// A pseudoterminal of the host, for what stands on its outer side.
struct Pty {
  Pty() {
    master.Reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_EQ(::grantpt(master.get()), 0);
    EXPECT_EQ(::unlockpt(master.get()), 0);
    slave.Reset(::ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    EXPECT_TRUE(slave.valid());
  }
  UniqueFd master;
  UniqueFd slave;
};

TEST(RawTerminal, IsRawWhileItLivesAndAsBeforeAfter) {
  const Pty pty;
  termios before{};
  ASSERT_EQ(::tcgetattr(pty.slave.get(), &before), 0);
  {
    const auto raw = RawTerminal::Enter(pty.slave);
    ASSERT_TRUE(raw);
    termios now{};
    ASSERT_EQ(::tcgetattr(pty.slave.get(), &now), 0);
    EXPECT_EQ(now.c_lflag & (ECHO | ICANON | ISIG), 0u);
    EXPECT_NE(now.c_oflag & OPOST, 0u);
  }
  termios after{};
  ASSERT_EQ(::tcgetattr(pty.slave.get(), &after), 0);
  EXPECT_EQ(after.c_lflag, before.c_lflag);
}

TEST(RawTerminal, WhatIsNoTerminalIsLeftAlone) {
  const UniqueFd file(::open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_TRUE(RawTerminal::Enter(file));
  const Pty pty;
  EXPECT_FALSE(CopyWindowSize(file, pty.master));
}

TEST(CopyWindowSize, CopiesIt) {
  const Pty from;
  const Pty to;
  const winsize size{.ws_row = 12, .ws_col = 34, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::ioctl(from.master.get(), TIOCSWINSZ, &size), 0);

  EXPECT_TRUE(CopyWindowSize(from.slave, to.master));

  winsize got{};
  ASSERT_EQ(::ioctl(to.slave.get(), TIOCGWINSZ, &got), 0);
  EXPECT_EQ(got.ws_row, 12);
  EXPECT_EQ(got.ws_col, 34);
}

// Polls and pumps until `done`, or false after ten seconds.
bool PumpUntil(TerminalRelay& relay, const std::function<bool()>& done) {
  const Deadline deadline = Deadline::After(std::chrono::seconds(10));
  while (!done()) {
    pollfd entries[3];
    relay.FillPoll(entries);
    if (::poll(entries, 3, deadline.PollTimeoutMs()) <= 0) return false;
    const auto more = relay.Pump(entries);
    if (!more) ADD_FAILURE() << more.error().message();
    if (!more || !*more) return done();
  }
  return true;
}

TEST(TerminalRelay, MovesBytesBothWaysAndEndsWithTheOtherSide) {
  Pty pty;
  int in[2];
  int out[2];
  ASSERT_EQ(::pipe2(in, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(out, O_CLOEXEC), 0);
  const UniqueFd in_read(in[0]);
  const UniqueFd in_write(in[1]);
  const UniqueFd out_read(out[0]);
  const UniqueFd out_write(out[1]);
  auto relay = TerminalRelay::Start(in_read, out_write, pty.master);
  ASSERT_TRUE(relay) << relay.error().message();
  const auto readable = [](int fd) {
    pollfd entry{fd, POLLIN, 0};
    return ::poll(&entry, 1, 0) == 1;
  };
  char bytes[32]{};

  ASSERT_EQ(::write(in_write.get(), "typed\n", 6), 6);
  EXPECT_TRUE(PumpUntil(*relay, [&] { return readable(pty.slave.get()); }));
  EXPECT_EQ(::read(pty.slave.get(), bytes, sizeof bytes), 6);
  EXPECT_TRUE(PumpUntil(*relay, [&] { return readable(out_read.get()); }));  // the echo
  EXPECT_EQ(::read(out_read.get(), bytes, sizeof bytes), 6);

  ASSERT_EQ(::write(pty.slave.get(), "shown\n", 6), 6);
  pty.slave.Reset();
  bool ended = false;
  const Deadline deadline = Deadline::After(std::chrono::seconds(10));
  while (!ended && !deadline.passed()) {
    pollfd entries[3];
    relay->FillPoll(entries);
    ASSERT_GT(::poll(entries, 3, deadline.PollTimeoutMs()), 0);
    const auto more = relay->Pump(entries);
    ASSERT_TRUE(more) << more.error().message();
    ended = !*more;
  }
  EXPECT_TRUE(ended);
  const ssize_t got = ::read(out_read.get(), bytes, sizeof bytes);
  EXPECT_EQ(std::string(bytes, static_cast<std::size_t>(got)), "shown\n")
      << "the line end stays as the program wrote it";
}

}  // namespace
}  // namespace caisson::process
