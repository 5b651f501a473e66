// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/exec_process.h"

#include <algorithm>

#include "runtime/base/file.h"
#include "runtime/cli/help.h"
#include "runtime/security/capabilities.h"

namespace caisson::cli {
namespace {

constexpr std::uint32_t kNoId = 0xFFFFFFFFU;  // means "no change" to the kernel

Result<std::uint32_t> ParseId(std::string_view text, std::string_view option) {
  const auto id = ParseInt<std::uint32_t>(text);
  if (!id || *id == kNoId)
    return Error(Code::kInvalidSpec, StrCat("invalid id \"", text, "\" for --", option))
        .Hint("give a number: names are not looked up in the container");
  return *id;
}

bool Lists(const std::vector<std::string>& names, const std::string& name) {
  if (!security::CapabilityNumber(name)) return false;
  return std::any_of(names.begin(), names.end(), [&](const std::string& other) {
    return security::CapabilityNumber(other) == security::CapabilityNumber(name);
  });
}

Status ApplyOptions(const Parsed& options, spec::Process& process) {
  process.terminal = options.On("tty");
  // As in runc, an empty value is none given.
  if (!options.Get("cwd").empty()) process.cwd = options.Get("cwd");
  for (const std::string& variable : options.All("env")) process.env.push_back(variable);
  // Not the user: a script's unset variable must not become root.
  if (options.Has("user")) {
    CAISSON_ASSIGN(process.user, ParseUser(options.Get("user"), process.user));
  }
  for (const std::string& gid : options.All("additional-gids")) {
    CAISSON_ASSIGN(const std::uint32_t id, ParseId(gid, "additional-gids"));
    process.user.additional_gids.push_back(id);
  }
  AddCapabilities(options.All("cap"), process);
  if (options.Has("no-new-privs")) process.no_new_privileges = options.On("no-new-privs");
  if (!options.Get("apparmor").empty()) process.apparmor_profile = options.Get("apparmor");
  if (!options.Get("process-label").empty()) process.selinux_label = options.Get("process-label");
  return Ok();
}

}  // namespace

void AddCapabilities(const std::vector<std::string>& names, spec::Process& process) {
  if (names.empty()) return;
  if (!process.capabilities) process.capabilities.emplace();
  for (const std::string& name : names) {
    // Not the inheritable set: that would hand them on through set-uid programs (CVE-2022-29162).
    // What the configuration itself has there becomes ambient, which takes both sets, as in runc.
    for (auto* const set : {&process.capabilities->bounding, &process.capabilities->effective,
                            &process.capabilities->permitted})
      set->push_back(name);
    if (Lists(process.capabilities->inheritable, name))
      process.capabilities->ambient.push_back(name);
  }
}

Result<spec::User> ParseUser(std::string_view text, spec::User user) {
  const auto colon = text.find(':');
  CAISSON_ASSIGN(user.uid, ParseId(text.substr(0, colon), "user"));
  if (colon != std::string_view::npos) {
    CAISSON_ASSIGN(user.gid, ParseId(text.substr(colon + 1), "user"));
  }
  return user;
}

Status CheckExecArguments(const Parsed& options) {
  if (!options.Get("process").empty() || options.arguments().size() >= 2) return Ok();
  return Error(Code::kInvalidSpec, "process args cannot be empty")
      .Hint(StrCat(ProgramName(), " exec CONTAINER COMMAND [ARGUMENT...], or --process FILE"));
}

Result<spec::Process> MakeExecProcess(const Invocation& invocation,
                                      std::optional<spec::Process> of_container) {
  const Parsed& options = invocation.options;
  if (!options.Get("process").empty()) {
    CAISSON_ASSIGN(const std::string json, ReadFile(options.Get("process")), "--process");
    CAISSON_ASSIGN(spec::Process process, spec::ParseProcess(json), "--process");
    return process;
  }
  if (!of_container)
    return Error(Code::kInvalidSpec,
                 StrCat("container \"", invocation.id(), "\" has no process to go by"));
  spec::Process process = *std::move(of_container);
  const auto& arguments = options.arguments();
  process.args.assign(arguments.begin() + 1, arguments.end());
  CAISSON_TRY(ApplyOptions(options, process));
  return process;
}

}  // namespace caisson::cli
