// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/spec/process.h"

namespace caisson::process {

// What goes over the console socket beside the descriptor: the name that runc gives to the master.
inline constexpr char kTerminalName[] = "/dev/ptmx";

// Plain data, read by the child.
struct TerminalPlan {
  bool wanted = false;
  std::uint16_t rows = 0;  // 0 and 0: leave the kernel's default
  std::uint16_t columns = 0;
  uid_t uid = 0;  // who gets the terminal
  // The master is relayed to a terminal that turns line feeds into carriage return and line feed
  // itself: this one must not do it too.
  bool plain_line_ends = false;
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

}  // namespace caisson::process
