// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/terminal_relay.h"

#include <sys/ioctl.h>

#include <cerrno>

namespace caisson::process {
namespace {

constexpr std::size_t kChunk = std::size_t{32} * 1024;

// The user's terminal turns a line feed into carriage return and line feed; the container's must
// not do it too.
void LeaveLineEndsAlone(int master) {
  termios settings{};
  if (::tcgetattr(master, &settings) != 0) return;
  settings.c_oflag &= ~static_cast<tcflag_t>(ONLCR);
  (void)::tcsetattr(master, TCSANOW, &settings);
}

Result<std::size_t> ReadSome(int fd, std::string_view name, std::string& sink) {
  char buffer[kChunk];
  const ssize_t got = ::read(fd, buffer, sizeof buffer);
  if (got >= 0) {
    sink.append(buffer, static_cast<std::size_t>(got));
    return static_cast<std::size_t>(got);
  }
  return SysError("read", name);
}

bool IsTransient(int err) { return err == EINTR || err == EAGAIN; }

// What the descriptor takes now.
Status WriteSome(int fd, std::string_view name, std::string& source) {
  const ssize_t put = ::write(fd, source.data(), source.size());
  if (put >= 0) {
    source.erase(0, static_cast<std::size_t>(put));
    return Ok();
  }
  if (IsTransient(errno)) return Ok();
  return SysError("write", name);
}

}  // namespace

Result<RawTerminal> RawTerminal::Enter(FdView tty) {
  RawTerminal raw;
  if (::tcgetattr(tty.get(), &raw.saved_) != 0) return raw;  // no terminal
  termios settings = raw.saved_;
  ::cfmakeraw(&settings);
  settings.c_oflag |= OPOST;
  if (::tcsetattr(tty.get(), TCSANOW, &settings) != 0) return SysError("tcsetattr", "terminal");
  raw.tty_ = tty.get();
  return raw;
}

RawTerminal::RawTerminal(RawTerminal&& other) noexcept
    : tty_(std::exchange(other.tty_, -1)), saved_(other.saved_) {}

void RawTerminal::Restore() {
  const int tty = std::exchange(tty_, -1);
  // The terminal may be gone by now; there is nobody to tell.
  if (tty >= 0) (void)::tcsetattr(tty, TCSANOW, &saved_);
}

bool CopyWindowSize(FdView from, FdView to) {
  winsize size{};
  if (::ioctl(from.get(), TIOCGWINSZ, &size) != 0) return false;
  return ::ioctl(to.get(), TIOCSWINSZ, &size) == 0;
}

Result<TerminalRelay> TerminalRelay::Start(FdView in, FdView out, FdView master) {
  const int flags = ::fcntl(master.get(), F_GETFL);
  if (flags < 0 || ::fcntl(master.get(), F_SETFL, flags | O_NONBLOCK) != 0)
    return SysError("fcntl", "terminal master");
  LeaveLineEndsAlone(master.get());
  return TerminalRelay(in.get(), out.get(), master.get());
}

void TerminalRelay::FillPoll(pollfd (&entries)[3]) const {
  entries[0] = {!in_ended_ && !master_ended_ && to_master_.empty() ? in_ : -1, POLLIN, 0};
  entries[1] = {to_out_.empty() ? -1 : out_, POLLOUT, 0};
  short master = 0;
  if (!to_master_.empty()) master |= POLLOUT;
  if (to_out_.empty()) master |= POLLIN;
  entries[2] = {master_ended_ || master == 0 ? -1 : master_, master, 0};
}

Status TerminalRelay::ReadUser() {
  const auto got = ReadSome(in_, "standard input", to_master_);
  if (!got && !IsTransient(got.error().sys_errno())) in_ended_ = true;
  if (got && *got == 0) in_ended_ = true;
  return Ok();
}

// The end of a terminal is EIO: the last descriptor of the other side is closed.
Status TerminalRelay::ReadMaster() {
  auto got = ReadSome(master_, "terminal", to_out_);
  if (got) {
    master_ended_ = *got == 0;
    return Ok();
  }
  const int err = got.error().sys_errno();
  if (IsTransient(err)) return Ok();
  master_ended_ = true;
  if (err == EIO) return Ok();
  return std::move(got).error();
}

Result<bool> TerminalRelay::Pump(const pollfd (&entries)[3]) {
  if (entries[2].revents != 0 && !master_ended_) {
    const bool hung_up = (entries[2].revents & (POLLHUP | POLLERR)) != 0;
    if ((entries[2].revents & POLLIN) != 0 || hung_up) CAISSON_TRY(ReadMaster());
    if (!master_ended_ && (entries[2].revents & POLLOUT) != 0 &&
        !WriteSome(master_, "terminal", to_master_))
      to_master_.clear();  // the container's side is closed; reading will say so
  }
  if (entries[0].revents != 0) CAISSON_TRY(ReadUser());
  if (entries[1].revents != 0) CAISSON_TRY(WriteSome(out_, "standard output", to_out_));
  return !master_ended_ || !to_out_.empty();
}

}  // namespace caisson::process
