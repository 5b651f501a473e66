// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/spec/process.h"

namespace caisson::process {

// Plain data, read by the child.
struct TerminalPlan {
  bool wanted = false;
  std::uint16_t rows = 0;  // 0 and 0: leave the kernel's default
  std::uint16_t columns = 0;
  uid_t uid = 0;  // who gets the terminal
};

// Errors: kInvalidSpec for a console size over 65535.
Result<TerminalPlan> PlanTerminal(const spec::Process& process);

enum class TerminalStep : int {
  kOpenPtmx,
  kUnlock,
  kPeer,
  kForeign,
  kSize,
  kOwner,
  kMountTree,
  kMountTarget,
  kMountMove,
  kStdio,
  kControlling,
  kSend
};
struct TerminalFailure {
  TerminalStep step = TerminalStep::kOpenPtmx;
  int sys_errno = 0;
  bool ok() const { return sys_errno == 0; }
};
Error ExplainTerminal(TerminalStep step, int sys_errno);

// Child zone, all below.

struct Terminal {
  int master = -1;
  int slave = -1;
  TerminalFailure failure;
};
// A new pseudoterminal of the devpts that is mounted at `devpts_fd` (an O_PATH descriptor of its
// root). Both ends are checked to lie on devpts and the peer comes from TIOCGPTPEER, never from a
// path (CVE-2025-52565).
Terminal OpenTerminal(int devpts_fd, const TerminalPlan& plan) noexcept;
// Mounts the slave itself on dev/console under `root_fd`; the file is made when it is missing.
TerminalFailure MountConsole(int root_fd, int slave) noexcept;
// The slave becomes 0, 1, 2 and this session's controlling terminal; setsid(2) was done.
TerminalFailure AttachTerminal(int slave) noexcept;
// Sends the master over the console socket: one message, SCM_RIGHTS with the name as its text.
TerminalFailure SendTerminal(int socket, int master) noexcept;

// Parent, all below.

// Connects to --console-socket. Errors: with the path, and kInvalidSpec when it is too long.
Result<UniqueFd> ConnectConsole(const std::string& path);
// Hands a master over a connected console socket, for a master that came by another way.
Status SendConsole(FdView socket, FdView master);

// The user's terminal in raw mode while a container runs in the foreground; restored on
// destruction. Not a terminal: does nothing. Thread-compatible: one owner at a time.
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
  std::string saved_;  // bytes of struct termios
};

// Gives `to` the window size of `from`; false when `from` is no terminal. For SIGWINCH.
bool CopyWindowSize(FdView from, FdView to);

// Moves bytes between the user's stdio and a terminal's master, never blocking: call Pump when
// poll(2) says that something can move. Partial writes are kept.
// Thread-compatible: one owner at a time.
class TerminalRelay {
 public:
  // The descriptors stay the caller's. `master` is set non-blocking.
  static Result<TerminalRelay> Start(FdView in, FdView out, FdView master);

  struct Interest {
    int fd = -1;
    short events = 0;
  };
  // What to poll for now: in, out, master; fd -1 where nothing is wanted.
  void FillInterest(Interest (&interest)[3]) const;
  // False when the terminal's other end is closed and everything was written.
  Result<bool> Pump();

 private:
  TerminalRelay(int in, int out, int master) : in_(in), out_(out), master_(master) {}
  int in_;
  int out_;
  int master_;
  bool in_ended_ = false;
  bool master_ended_ = false;
  std::string to_master_;
  std::string to_out_;
};

}  // namespace caisson::process
