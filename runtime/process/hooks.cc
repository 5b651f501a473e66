// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/hooks.h"

#include <cctype>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "runtime/base/run_command.h"

namespace caisson::process {

std::string SignalWords(int signal) {
  const char* const text = ::sigdescr_np(signal);
  if (text == nullptr) return StrCat("killed by signal ", signal);
  std::string words = text;
  words[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(words[0])));
  return StrCat("killed by signal ", signal, " (", words, ")");
}

namespace {

constexpr std::size_t kMaxShown = 512;

// "error running poststart hook #0: error running hook /bin/hook": what runc prints since 1.2, and
// before. Its users look for either.
Error HookError(std::string_view kind, std::size_t index, const spec::Hook& hook, Error cause) {
  return std::move(cause).Wrap(
      StrCat("error running ", kind, " hook #", index, ": error running hook ", hook.path));
}

// What the hook said last, on one line.
std::string LastWords(const CommandOutput& output) {
  std::string_view text = Trim(output.err);
  if (text.empty()) text = Trim(output.out);
  if (text.empty()) return {};
  if (const auto line = text.rfind('\n'); line != std::string_view::npos)
    text = text.substr(line + 1);
  return StrCat(", it said: ", text.substr(0, kMaxShown));
}

std::string EndOf(const ExitStatus& status) {
  return status.signal != 0 ? SignalWords(status.signal) : StrCat("exit status ", status.code);
}

Status RunOne(const spec::Hook& hook, std::string_view state_json, const std::string& bundle) {
  Command command;
  command.argv = hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args;
  command.program = hook.path;
  command.env = hook.env;  // absent: Spawn hands on our own
  command.cwd = bundle;
  const Deadline deadline =
      hook.timeout_s ? Deadline::After(std::chrono::seconds(*hook.timeout_s)) : Deadline::Never();
  auto output = RunCommand(std::move(command), state_json, deadline);
  if (!output && output.error().sys_errno() == ETIMEDOUT)
    return Error(Code::kSystem, StrCat("hook ran past specified timeout of ", *hook.timeout_s, "s"),
                 ETIMEDOUT)
        .Hint("raise the hook's timeout, or let it do its work in the background");
  if (!output) return std::move(output).error();
  if (output->status.ok()) return Ok();
  return Error(Code::kSystem, StrCat(EndOf(output->status), LastWords(*output)));
}

}  // namespace

Status RunHooks(std::string_view kind, const std::vector<spec::Hook>& hooks,
                std::string_view state_json, const std::string& bundle) {
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    Status run = RunOne(hooks[i], state_json, bundle);
    if (!run) return HookError(kind, i, hooks[i], std::move(run).error());
  }
  return Ok();
}

std::vector<Error> RunAllHooks(std::string_view kind, const std::vector<spec::Hook>& hooks,
                               std::string_view state_json, const std::string& bundle) {
  std::vector<Error> failures;
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    Status run = RunOne(hooks[i], state_json, bundle);
    if (!run) failures.push_back(HookError(kind, i, hooks[i], std::move(run).error()));
  }
  return failures;
}

}  // namespace caisson::process
