// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/terminal.h"

#include <array>
#include <cerrno>

#include "runtime/base/socket.h"

namespace caisson::process {
namespace {

struct StepWords {
  std::string_view call;
  std::string_view object;
};

StepWords WordsOf(TerminalStep step) {
  switch (step) {
    case TerminalStep::kOpenPtmx: return {"open", "/dev/pts/ptmx"};
    case TerminalStep::kUnlock: return {"ioctl(TIOCSPTLCK)", "pseudoterminal"};
    case TerminalStep::kPeer: return {"ioctl(TIOCGPTPEER)", "pseudoterminal"};
    case TerminalStep::kForeign: return {"check file system of", "pseudoterminal"};
    case TerminalStep::kSize: return {"ioctl(TIOCSWINSZ)", "pseudoterminal"};
    case TerminalStep::kOwner: return {"fchown", "pseudoterminal"};
    case TerminalStep::kMountTree: return {"open_tree", "pseudoterminal"};
    case TerminalStep::kMountTarget: return {"open", "/dev/console"};
    case TerminalStep::kMountMove: return {"move_mount", "/dev/console"};
    case TerminalStep::kStdio: return {"dup2", "standard streams"};
    case TerminalStep::kControlling: return {"ioctl(TIOCSCTTY)", "pseudoterminal"};
    case TerminalStep::kSend: break;
  }
  return {"sendmsg", "console socket"};
}

}  // namespace

Result<TerminalPlan> PlanTerminal(const spec::Process& process) {
  TerminalPlan plan;
  if (!process.terminal) return plan;
  plan.wanted = true;
  plan.uid = process.user.uid;
  if (!process.console_size) return plan;
  const spec::ConsoleSize& size = *process.console_size;
  constexpr std::uint32_t kMax = 65535;
  if (size.height > kMax || size.width > kMax)
    return Error(Code::kInvalidSpec, StrCat("process.consoleSize: ", size.height, " x ", size.width,
                                            " is over ", kMax));
  plan.rows = static_cast<std::uint16_t>(size.height);
  plan.columns = static_cast<std::uint16_t>(size.width);
  return plan;
}

Error ExplainTerminal(TerminalStep step, int sys_errno) {
  const StepWords words = WordsOf(step);
  Error error = SysError(words.call, words.object, sys_errno).Wrap("process.terminal");
  switch (step) {
    case TerminalStep::kOpenPtmx:
      if (sys_errno != ENOENT && sys_errno != EXDEV) return error;
      return std::move(error).Hint("mount a devpts on /dev/pts (option newinstance)");
    case TerminalStep::kMountTarget:
      if (sys_errno != ELOOP) return error;
      return std::move(error).Hint("the image's /dev/console is a link: remove it");
    case TerminalStep::kSend:
      return std::move(error).Hint("whoever listens on --console-socket must accept and receive");
    default: return error;
  }
}

Result<UniqueFd> ConnectConsole(const std::string& path) {
  CAISSON_ASSIGN(UniqueFd socket, ConnectUnix(path, SocketType::kStream), "console socket");
  return socket;
}

Status SendConsole(FdView socket, FdView master) {
  const std::array<int, 1> fds = {master.get()};
  CAISSON_TRY(SendPacket(socket, kTerminalName, fds), "console socket");
  return Ok();
}

}  // namespace caisson::process
