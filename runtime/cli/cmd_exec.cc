// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/create_options.h"
#include "runtime/cli/exec_process.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/foreground.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"process", "FILE", "the process as JSON, in place of arguments", 'p'},
    {"cwd", "DIR", "working directory"},
    {"env", "NAME=VALUE", "set an environment variable", 'e'},
    {"tty", "", "give it a terminal", 't'},
    {"user", "UID[:GID]", "the user's number, and the group's", 'u'},
    {"additional-gids", "GID", "a further group", 'g', {}, true},
    {"cap", "CAP", "add a capability", 'c'},
    {"no-new-privs", "", "set no_new_privs"},
    {"apparmor", "PROFILE", "AppArmor profile"},
    {"process-label", "LABEL", "SELinux label"},
    {"detach", "", "do not wait for the process", 'd'},
    {"pid-file", "FILE", "write the process id to this file"},
    {"console-socket", "PATH", "AF_UNIX socket that gets the terminal's master descriptor"},
    {"pidfd-socket", "PATH", "AF_UNIX socket that gets a pidfd of the process"},
    {"preserve-fds", "N", kPreserveHelp, 0, {}, true},
    {"cgroup", "[CONTROLLER[,...]:]PATH", "run it in a sub-cgroup of the container's"},
    {"ignore-paused", "", "allow it in a paused container"},
    {"no-subreaper", "", "ignored"},
    {"help", "", "show this help", 'h'},
};

Result<container::ExecOptions> MakeOptions(const Invocation& invocation) {
  const Parsed& options = invocation.options;
  container::ExecOptions exec;
  exec.id = invocation.id();
  CAISSON_ASSIGN(exec.preserve_fds, PreservedFds(options, {}));
  CAISSON_TRY(CheckExecArguments(options));
  exec.make_process = [&invocation](std::optional<spec::Process> of_container) {
    return MakeExecProcess(invocation, std::move(of_container));
  };
  CAISSON_ASSIGN(exec.pid_file, AbsolutePath(options.Get("pid-file")));
  exec.console.socket_path = options.Get("console-socket");
  exec.pidfd_socket = options.Get("pidfd-socket");
  exec.ignore_paused = options.On("ignore-paused");
  exec.sub_cgroups = options.All("cgroup");
  return exec;
}

Result<int> ExecDetached(const Invocation& invocation, const container::ExecOptions& options) {
  CAISSON_TRY(container::Exec(invocation.context, options));
  return 0;
}

Result<int> ExecForeground(const Invocation& invocation, container::ExecOptions options) {
  UniqueFd console;
  if (options.console.socket_path.empty()) options.console.master = &console;
  options.console.plain_line_ends = options.console.socket_path.empty();
  options.console.size = Foreground::WindowSize();
  CAISSON_ASSIGN(Foreground foreground, Foreground::Begin(Foreground::Subreaper::kNo));
  CAISSON_ASSIGN(const Pidfd process, container::Exec(invocation.context, options));
  CAISSON_ASSIGN(const ExitStatus status, foreground.Wait(process, std::move(console)));
  return status.ShellCode();
}

Result<int> Exec(const Invocation& invocation) {
  CAISSON_ASSIGN(container::ExecOptions options, MakeOptions(invocation));
  if (invocation.options.On("detach")) return ExecDetached(invocation, options);
  return ExecForeground(invocation, std::move(options));
}

Result<int> Run(const Invocation& invocation) {
  SetFailureExit(kExitExecFailed);
  CAISSON_ASSIGN(const int code, Exec(invocation), "exec failed");
  return code;
}

}  // namespace

const Command kExec = {
    .name = "exec",
    .arguments = "CONTAINER COMMAND [ARGUMENT...]",
    .summary = "run a further process in a running container",
    .options = kOptions,
    .placement = Placement::kBeforeArguments,
    .min_arguments = 1,
    .max_arguments = static_cast<std::size_t>(-1),
    .enters_container = true,
    .run = Run,
};

}  // namespace caisson::cli
