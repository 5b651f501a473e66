// SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <pty.h>
#include <sys/socket.h>

#include "runtime/base/socket.h"
#include "tests/integration/lifecycle/fixture.h"

namespace caisson::test {
namespace {

using ::testing::HasSubstr;

// Everything that comes out of a terminal until its other end is closed.
std::string ReadToEnd(int terminal) {
  std::string text;
  const Deadline deadline = Deadline::After(std::chrono::seconds(20));
  while (true) {
    pollfd entry{terminal, POLLIN, 0};
    if (::poll(&entry, 1, deadline.PollTimeoutMs()) <= 0) return text;
    char buffer[4096];
    const ssize_t got = ::read(terminal, buffer, sizeof buffer);
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

class TerminalRuns : public Lifecycle {};

TEST_F(TerminalRuns, TheConsoleSocketGetsTheMaster) {
  bundle_.process().terminal = true;
  bundle_.process().console_size = spec::ConsoleSize{.height = 33, .width = 99};
  bundle_.Shell("tty; stty size; echo ready; cat /dev/console >/dev/null & sleep 0.1; exit 0");
  const std::string socket_path = caisson_.dir() / "console.sock";
  auto listener = ListenUnix(socket_path, SocketType::kStream);
  ASSERT_TRUE(listener);
  const std::string id = caisson_.Id("console");

  const CommandOutput ran = caisson_.RunDetached(
      {"run", "-d", "--console-socket", socket_path, "-b", bundle_.path(), id});

  ASSERT_TRUE(ran.status.ok()) << caisson_.DetachedErrors();
  const UniqueFd client(::accept4(listener->get(), nullptr, nullptr, SOCK_CLOEXEC));
  ASSERT_TRUE(client.valid());
  auto packet = ReceivePacket(client, 4096);
  ASSERT_TRUE(packet);
  ASSERT_EQ(packet->fds.size(), 1U);
  const std::string out = ReadToEnd(packet->fds[0].get());
  EXPECT_THAT(out, HasSubstr("/dev/pts/0"));
  EXPECT_THAT(out, HasSubstr("33 99"));
  EXPECT_THAT(out, HasSubstr("ready"));
}

TEST_F(TerminalRuns, InTheForegroundItIsRelayed) {
  bundle_.process().terminal = true;
  bundle_.Shell("stty size; read line; echo got:$line; exit 4");
  int master = -1;
  int slave = -1;
  winsize size{.ws_row = 21, .ws_col = 77, .ws_xpixel = 0, .ws_ypixel = 0};
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, &size), 0);
  const UniqueFd ours(master);
  UniqueFd theirs(slave);
  Command command = caisson_.CommandFor({"run", "-b", bundle_.path(), caisson_.Id("foreground")});
  command.fds = {{slave, 0}, {slave, 1}, {slave, 2}};
  auto process = Spawn(command);
  ASSERT_TRUE(process);

  ASSERT_EQ(::write(master, "typed\n", 6), 6);
  const auto status = process->Reap(Deadline::After(std::chrono::seconds(30)));
  theirs.Reset();
  const std::string out = ReadToEnd(master);

  ASSERT_TRUE(status && *status);
  EXPECT_EQ((*status)->code, 4) << out;
  EXPECT_THAT(out, HasSubstr("21 77"));
  EXPECT_THAT(out, HasSubstr("got:typed"));
}

TEST_F(TerminalRuns, ExecHasATerminalOfItsOwn) {
  const std::string id = Sleeper("exectty");
  int master = -1;
  int slave = -1;
  ASSERT_EQ(::openpty(&master, &slave, nullptr, nullptr, nullptr), 0);
  const UniqueFd ours(master);
  UniqueFd theirs(slave);
  Command command = caisson_.CommandFor({"exec", "-t", id, "/bin/tty"});
  command.fds = {{slave, 0}, {slave, 1}, {slave, 2}};

  auto process = Spawn(command);
  ASSERT_TRUE(process);
  const auto status = process->Reap(Deadline::After(std::chrono::seconds(30)));
  theirs.Reset();

  ASSERT_TRUE(status && *status);
  const std::string out = ReadToEnd(master);
  EXPECT_EQ((*status)->code, 0) << out;
  EXPECT_THAT(out, HasSubstr("/dev/pts/0"));
}

}  // namespace
}  // namespace caisson::test
