// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <vector>

#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/base/trace.h"
#include "runtime/cli/command.h"
#include "runtime/cli/exit_code.h"
#include "runtime/cli/help.h"
#include "runtime/launch/self_exe.h"

namespace caisson::cli {
namespace {

Result<std::string> Absolute(const std::string& path) {
  if (path.empty() || path.front() == '/') return path;
  char* const here = ::getcwd(nullptr, 0);
  if (here == nullptr) return SysError("getcwd", ".");
  std::string absolute = StrCat(here, "/", path);
  ::free(here);
  return absolute;
}

Result<UniqueFd> OpenForAppend(const std::string& path) {
  return OpenAt(kCwd, path, O_WRONLY | O_CREAT | O_APPEND, 0644);
}

// The descriptors of log and trace stay open until the program ends.
Status SetUpLog(const Parsed& global) {
  LogConfig config;
  if (global.On("debug")) config.level = LogLevel::kDebug;
  const std::string format = global.Get("log-format");
  if (format == "json") {
    config.format = LogFormat::kJson;
  } else if (!format.empty() && format != "text") {
    return Error(Code::kInvalidSpec, StrCat("invalid log-format: ", format));
  }
  const std::string log = global.Get("log");
  if (!log.empty() && log != "/dev/stderr") {
    CAISSON_ASSIGN(UniqueFd file, OpenForAppend(log), "--log");
    config.fd = file.Release();
  }
  SetLog(config);
  if (const std::string trace = global.Get("trace"); !trace.empty()) {
    CAISSON_ASSIGN(UniqueFd file, OpenForAppend(trace), "--trace");
    SetTrace(file.Release());
  }
  return Ok();
}

std::string DefaultRoot() {
  const char* const runtime_dir = ::getenv("XDG_RUNTIME_DIR");
  if (runtime_dir != nullptr && *runtime_dir != '\0' && ::geteuid() != 0)
    return StrCat(runtime_dir, "/caisson");
  return "/run/caisson";
}

Result<container::Context> MakeContext(const Parsed& global) {
  container::Context context;
  const std::string root = global.Get("root", DefaultRoot());
  // An unset variable of a script must not make the working directory the home of all state.
  if (root.empty()) return Error(Code::kInvalidSpec, "--root: must not be empty");
  CAISSON_ASSIGN(context.root, Absolute(root));
  context.root = CleanPath(context.root);
  using container::CgroupDriver;
  const std::string manager =
      global.Get("cgroup-manager", global.On("systemd-cgroup") ? "systemd" : "cgroupfs");
  if (manager == "systemd") {
    context.cgroup_driver = CgroupDriver::kSystemd;
  } else if (manager == "disabled") {
    context.cgroup_driver = CgroupDriver::kDisabled;
  } else if (manager != "cgroupfs") {
    return Error(Code::kInvalidSpec, StrCat("invalid cgroup manager \"", manager, "\""))
        .Hint("use cgroupfs, systemd or disabled");
  }
  const std::string rootless = global.Get("rootless", "auto");
  if (rootless == "auto") return context;
  const auto asked = ParseSwitch(rootless);
  if (!asked) return Error(Code::kInvalidSpec, StrCat("invalid rootless value \"", rootless, "\""));
  context.rootless = *asked ? container::Rootless::kYes : container::Rootless::kNo;
  return context;
}

Status CheckArguments(const Command& command, const Parsed& options) {
  const std::size_t count = options.arguments().size();
  if (count >= command.min_arguments && count <= command.max_arguments) return Ok();
  if (command.min_arguments == command.max_arguments)
    return Error(Code::kInvalidSpec,
                 StrCat(ProgramName(), ": \"", command.name, "\" requires exactly ",
                        command.min_arguments, " argument(s)"))
        .Hint(UsageLine(command));
  const bool few = count < command.min_arguments;
  return Error(Code::kInvalidSpec,
               StrCat(ProgramName(), ": \"", command.name, "\" requires ",
                      few ? "a minimum of " : "a maximum of ",
                      few ? command.min_arguments : command.max_arguments, " argument(s)"))
      .Hint(UsageLine(command));
}

Result<Parsed> ParseArguments(const Command& command, std::span<const std::string_view> args) {
  CAISSON_ASSIGN(Parsed options, ParseOptions(command.options, args, command.placement));
  if (!options.On("help")) CAISSON_TRY(CheckArguments(command, options));
  return options;
}

Result<int> RunCommand(const Command& command, const Parsed& global,
                       std::span<const std::string_view> args, char** argv, char** envp) {
  const Result<Parsed> parsed = ParseArguments(command, args);
  if (!parsed) {
    CAISSON_TRY(SetUpLog(global));  // engines read why in the log
    return parsed.error();
  }
  const Parsed& options = *parsed;
  if (options.On("help")) {
    PrintHelp(command);
    return 0;
  }
  // First of all, so that nothing is done twice: the program starts over when it is not sealed yet.
  if (command.enters_container) CAISSON_TRY(launch::SealSelfExe(argv, envp));
  CAISSON_TRY(SetUpLog(global));
  CAISSON_ASSIGN(container::Context context, MakeContext(global));
  Log(LogLevel::kDebug, StrCat("caisson " CAISSON_VERSION ": ", command.name),
      {{"root", context.root}});
  return command.run(Invocation{global, options, std::move(context)});
}

Error NoSuchCommand(std::string_view name) {
  SetFailureExit(kExitNoCommand);
  return Error(Code::kInvalidSpec, StrCat("No help topic for '", name, "': no such command"))
      .Hint(StrCat("see ", ProgramName(), " --help"));
}

// `help`, `help COMMAND` and --help.
Result<int> Help(const std::vector<std::string>& words) {
  if (words.size() < 2) {
    PrintHelp();
    return 0;
  }
  const Command* const about = FindCommand(words[1]);
  if (about == nullptr) return NoSuchCommand(words[1]);
  PrintHelp(*about);
  return 0;
}

Result<int> Dispatch(int argc, char** argv, char** envp) {
  const std::vector<std::string_view> args(argv + (argc > 0 ? 1 : 0), argv + argc);
  CAISSON_ASSIGN(const Parsed global,
                 ParseOptions(GlobalOptions(), args, Placement::kBeforeArguments));
  if (global.On("version")) {
    PrintVersion();
    return 0;
  }
  const std::vector<std::string>& rest = global.arguments();
  if (rest.empty() || global.On("help")) return Help({});
  if (rest.front() == "help" || rest.front() == "h") return Help(rest);
  const Command* const command = FindCommand(rest.front());
  if (command == nullptr) return NoSuchCommand(rest.front());
  const auto own = std::span(args).subspan(args.size() - rest.size() + 1);
  return RunCommand(*command, global, own, argv, envp);
}

}  // namespace

int Main(int argc, char** argv, char** envp) {
  const Result<int> status = Dispatch(argc, argv, envp);
  if (status) return *status;
  const std::string line = status.error().ToString();
  Log(LogLevel::kError, line);
  // With a log file the terminal still learns what went wrong.
  if (LogDescriptor() != 2) ::dprintf(2, "%s\n", line.c_str());
  return ExitCodeOf(status.error());
}

}  // namespace caisson::cli
