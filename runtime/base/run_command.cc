// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/run_command.h"

#include <poll.h>
#include <signal.h>

#include <algorithm>
#include <array>

#include "runtime/base/pipe.h"

namespace caisson {
namespace {

// Takes what is there; closes the pipe at its end.
void Drain(UniqueFd& pipe, std::string& sink, std::size_t max_bytes) {
  char buffer[16384];
  const ssize_t got = ::read(pipe.get(), buffer, sizeof buffer);
  if (got > 0) {
    const std::size_t room = max_bytes - std::min(max_bytes, sink.size());
    sink.append(buffer, std::min(room, static_cast<std::size_t>(got)));
  } else if (got == 0 || errno != EINTR) {
    pipe.Reset();
  }
}

// Gives what the pipe takes; closes it when all is given or the reader is gone.
void Feed(UniqueFd& pipe, std::string_view& input) {
  // MSG_NOSIGNAL does not exist for pipes: SIGPIPE is blocked and taken back around the write.
  sigset_t pipe_signal;
  sigset_t before;
  ::sigemptyset(&pipe_signal);
  ::sigaddset(&pipe_signal, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
  const ssize_t put = ::write(pipe.get(), input.data(), input.size());
  const bool gone = put < 0 && errno != EAGAIN && errno != EINTR;
  if (gone && errno == EPIPE) {
    const timespec at_once{};
    ::sigtimedwait(&pipe_signal, nullptr, &at_once);
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (put > 0) input.remove_prefix(static_cast<std::size_t>(put));
  if (gone || input.empty()) pipe.Reset();
}

Error TimedOut(std::string_view what) {
  return Error(Code::kSystem, StrCat(what, ": no end before the deadline"), ETIMEDOUT);
}

}  // namespace

Result<CommandOutput> RunCommand(Command command, std::string_view input, Deadline deadline,
                                 std::size_t max_bytes) {
  const std::string name = command.argv[0];
  CAISSON_ASSIGN(Pipe in, MakePipe(name));
  CAISSON_ASSIGN(Pipe out, MakePipe(name));
  CAISSON_ASSIGN(Pipe err, MakePipe(name));
  command.fds.insert(command.fds.end(),
                     {{in.read_end.get(), 0}, {out.write_end.get(), 1}, {err.write_end.get(), 2}});
  CAISSON_ASSIGN(Pidfd spawned, Spawn(command));
  ChildGuard guard(std::move(spawned));
  for (UniqueFd* its : {&in.read_end, &out.write_end, &err.write_end}) its->Reset();
  ::fcntl(in.write_end.get(), F_SETFL, O_NONBLOCK);
  if (input.empty()) in.write_end.Reset();

  CommandOutput result;
  while (out.read_end.valid() || err.read_end.valid() || in.write_end.valid()) {
    std::array<pollfd, 3> entries = {pollfd{out.read_end.get(), POLLIN, 0},
                                     pollfd{err.read_end.get(), POLLIN, 0},
                                     pollfd{in.write_end.get(), POLLOUT, 0}};
    const int ready = ::poll(entries.data(), entries.size(), deadline.PollTimeoutMs());
    if (ready == 0) return TimedOut(name);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return SysError("poll", name);
    if (entries[0].revents != 0) Drain(out.read_end, result.out, max_bytes);
    if (entries[1].revents != 0) Drain(err.read_end, result.err, max_bytes);
    if (entries[2].revents != 0) Feed(in.write_end, input);
  }
  CAISSON_ASSIGN(const auto ended, guard.child().Reap(deadline));
  if (!ended) return TimedOut(name);
  (void)guard.Disarm();
  result.status = *ended;
  return result;
}

}  // namespace caisson
