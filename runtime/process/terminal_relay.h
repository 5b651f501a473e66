// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <termios.h>

#include <string>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::process {

// The user's terminal in raw mode while a container runs in the foreground; restored on
// destruction. For what is no terminal it does nothing. Output processing stays on, as in runc.
// Thread-compatible: one owner at a time.
class RawTerminal {
 public:
  static Result<RawTerminal> Enter(FdView tty);
  RawTerminal(RawTerminal&& other) noexcept;
  RawTerminal& operator=(RawTerminal&&) = delete;
  RawTerminal(const RawTerminal&) = delete;
  RawTerminal& operator=(const RawTerminal&) = delete;
  ~RawTerminal() { Restore(); }
  void Restore();

 private:
  RawTerminal() = default;
  int tty_ = -1;
  termios saved_{};
};

// Gives `to` the window size of `from`; false when `from` is no terminal. For SIGWINCH.
bool CopyWindowSize(FdView from, FdView to);

// Moves bytes between the user's streams and a terminal's master: poll(2) what FillPoll says, then
// Pump. Never blocks on the master; bytes that it does not take yet are kept, and nothing more is
// read from the user until they are gone. The user's streams keep their flags, since they are
// shared with the shell. Thread-compatible: one owner at a time.
class TerminalRelay {
 public:
  // The descriptors stay the caller's and must outlive the relay.
  static Result<TerminalRelay> Start(FdView in, FdView out, FdView master);

  void FillPoll(pollfd (&entries)[3]) const;  // in, out, master; fd -1 where nothing is wanted
  // False when the container's side is closed and all that it wrote is out.
  Result<bool> Pump(const pollfd (&entries)[3]);

 private:
  TerminalRelay(int in, int out, int master) : in_(in), out_(out), master_(master) {}
  Status ReadUser();
  Status ReadMaster();
  int in_;
  int out_;
  int master_;
  bool in_ended_ = false;
  bool master_ended_ = false;
  std::string to_master_;
  std::string to_out_;
};

}  // namespace caisson::process
