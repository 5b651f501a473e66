// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/child_zone.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/spec/hooks.h"

namespace caisson::process {

// Runs hooks one after the other on the host: state on stdin, exactly the hook's environment or,
// when it names none, this process's (never the container's), the bundle as working directory, all
// signals default, no descriptor of ours. A hook over its timeout is killed. `kind` is the
// configuration's name ("createRuntime").
// Errors: the first failure, with the hook's exit status and the last line that it wrote. For
// prestart, createRuntime and poststart the container is then to be destroyed; for poststop the
// caller logs a warning (use RunAllHooks). Source: runtime-spec 1.3, config.md, POSIX-platform
// hooks; runtime.md, lifecycle.
Status RunHooks(std::string_view kind, const std::vector<spec::Hook>& hooks,
                std::string_view state_json, const std::string& bundle);

// The same, but a failure does not keep the next one from running. Returns all failures.
std::vector<Error> RunAllHooks(std::string_view kind, const std::vector<spec::Hook>& hooks,
                               std::string_view state_json, const std::string& bundle);

// "killed by signal 31 (bad system call)".
std::string SignalWords(int signal);

// One hook for the child zone. Plain data that points into a ChildHooks.
struct ChildHook {
  const char* path = nullptr;
  char* const* argv = nullptr;
  char* const* envp = nullptr;
  std::int64_t timeout_ms = -1;  // -1: none
};
struct ChildHooksView {
  const ChildHook* hooks = nullptr;
  std::size_t count = 0;
  int state_fd = -1;                    // memfd with the state; read from its start by each hook
  int report_fd = -1;                   // memfd that gets the end of what a failing hook wrote
  int cwd_fd = -1;                      // fchdir(2) there first; -1: "/"
  char* const* default_envp = nullptr;  // for hooks that name no environment
};

// Hooks that the child runs in the container's namespaces: createContainer (before pivot_root, so
// that the path is the runtime's; the child makes the container's root the cwd, as runc and crun
// do) and startContainer (after it; cwd is "/", a host directory would be a way out). One without
// an environment gets the view's default_envp, or none: what runs on a side of pivot_root has the
// environment of neither the image nor the host (CVE-2025-23266). Move-only.
class ChildHooks {
 public:
  // `kind` as above; `bundle` is the working directory's path where the child names no other, empty
  // for "/".
  static Result<ChildHooks> Build(std::string_view kind, const std::vector<spec::Hook>& hooks,
                                  const std::string& bundle);
  // Writes the state before the child is told to go on, since it holds the child's pid.
  Status SetState(std::string_view state_json);
  ChildHooksView view() const;
  bool empty() const { return hooks_.empty(); }
  Error Explain(const StepFailure& failure) const;

 private:
  // One hook's memory.
  struct Texts {
    std::string path;
    std::vector<std::string> args;
    std::vector<std::string> env;
    std::vector<char*> argv;
    std::vector<char*> envp;
  };
  ChildHooks() = default;
  std::string kind_;
  std::vector<ChildHook> hooks_;
  std::vector<Texts> texts_;
  UniqueFd state_;
  UniqueFd report_;
  UniqueFd cwd_;
};

// Child zone. Each hook is forked, waited for and, over its timeout, killed. A non-zero exit status
// crosses as errno kHookExit + status, a signal as kHookSignal + signal; `item` is the index.
inline constexpr int kHookExit = 1 << 16;
inline constexpr int kHookSignal = 1 << 17;
StepFailure RunChildHooks(const ChildHooksView& view) noexcept;

}  // namespace caisson::process
