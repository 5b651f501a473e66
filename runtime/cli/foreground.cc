// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/foreground.h"

#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "runtime/process/terminal_relay.h"

namespace caisson::cli {
namespace {

// Children that are not the container's process: orphans of it, as we are its subreaper.
void ReapOthers(pid_t process) {
  while (true) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 || info.si_pid == 0) return;
    if (info.si_pid == process) return;  // its status is the one that is asked for
    (void)::waitpid(info.si_pid, nullptr, WNOHANG);
  }
}

}  // namespace

Result<Foreground> Foreground::Begin(Subreaper subreaper) {
  if (subreaper == Subreaper::kYes && ::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
    return SysError("prctl", "PR_SET_CHILD_SUBREAPER");
  sigset_t all;
  ::sigfillset(&all);
  // Faults of our own must not be held.
  for (const int fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS})
    ::sigdelset(&all, fault);
  if (::sigprocmask(SIG_SETMASK, &all, nullptr) < 0) return SysError("sigprocmask", "all signals");
  UniqueFd signals(::signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.valid()) return SysError("signalfd", "all signals");
  return Foreground(std::move(signals));
}

std::optional<spec::ConsoleSize> Foreground::WindowSize() {
  winsize size{};
  if (::ioctl(0, TIOCGWINSZ, &size) < 0 || size.ws_row == 0) return std::nullopt;
  return spec::ConsoleSize{.height = size.ws_row, .width = size.ws_col};
}

void Foreground::TakeSignals(const Pidfd& process, const UniqueFd& console) {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    const int signal = static_cast<int>(info.ssi_signo);
    switch (signal) {
      case SIGCHLD: ReapOthers(process.host_pid()); break;
      case SIGWINCH:
        if (console.valid()) process::CopyWindowSize(FdView::Raw(0), console);
        break;
      case SIGTSTP:
      case SIGTTIN:
      case SIGTTOU:
      case SIGURG:
      case SIGPIPE: break;                    // about this program's own job and descriptors
      default: (void)process.Signal(signal);  // it may have ended just now
    }
  }
}

Result<ExitStatus> Foreground::Wait(const Pidfd& process, UniqueFd console,
                                    container::NotifyRelay* notify) {
  std::optional<process::RawTerminal> raw;
  std::optional<process::TerminalRelay> relay;
  if (console.valid()) {
    process::CopyWindowSize(FdView::Raw(0), console);
    CAISSON_ASSIGN(process::RawTerminal entered, process::RawTerminal::Enter(FdView::Raw(0)));
    raw.emplace(std::move(entered));
    CAISSON_ASSIGN(relay, process::TerminalRelay::Start(FdView::Raw(0), FdView::Raw(1), console));
  }
  bool ended = false;
  bool relays = relay.has_value();
  while (!ended || relays) {
    pollfd own[3] = {{-1, 0, 0}, {-1, 0, 0}, {-1, 0, 0}};
    if (relays) relay->FillPoll(own);
    const int notify_fd = notify != nullptr ? notify->fd() : -1;
    pollfd entries[6] = {{process.fd().get(), POLLIN, 0}, {signals_.get(), POLLIN, 0}};
    std::copy(std::begin(own), std::end(own), entries + 2);
    entries[5] = {notify_fd, POLLIN, 0};
    if (ended) entries[0].fd = -1;
    // Once it has ended, what its terminal still holds is shown, but nothing is waited for.
    constexpr int kLastWordsMs = 100;
    const int ready = ::poll(entries, std::size(entries), ended ? kLastWordsMs : -1);
    if (ready < 0 && errno != EINTR) return SysError("poll", "the container's process");
    if (ready == 0) break;
    std::copy(entries + 2, entries + 5, own);
    if (entries[5].revents != 0) CAISSON_TRY(notify->Take(process.host_pid()));
    if (relays) {
      CAISSON_ASSIGN(relays, relay->Pump(own));
    }
    if (entries[0].revents != 0) {
      ended = true;
    } else if (entries[1].revents != 0) {
      TakeSignals(process, console);
    }
  }
  CAISSON_ASSIGN(const auto status, process.Reap(Deadline::Never()));
  return *status;
}

}  // namespace caisson::cli
