// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/process/hooks.h"

namespace caisson::process {
namespace {

// The pointer list of texts that stay where they are, with its end mark.
std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace

Result<ChildHooks> ChildHooks::Build(std::string_view kind, const std::vector<spec::Hook>& hooks,
                                     const std::string& bundle) {
  ChildHooks built;
  built.kind_ = kind;
  if (hooks.empty()) return built;
  for (const spec::Hook& hook : hooks) {
    auto args = hook.args.empty() ? std::vector<std::string>{hook.path} : hook.args;
    auto env = hook.env.value_or(std::vector<std::string>());
    built.texts_.push_back({.path = hook.path, .args = std::move(args), .env = std::move(env)});
  }
  // Only now, since a growing list moves the short texts that lie inside it.
  for (std::size_t i = 0; i < hooks.size(); ++i) {
    Texts& texts = built.texts_[i];
    texts.argv = Pointers(texts.args);
    texts.envp = Pointers(texts.env);
    built.hooks_.push_back({.path = texts.path.c_str(),
                            .argv = texts.argv.data(),
                            .envp = texts.envp.data(),
                            .timeout_ms = hooks[i].timeout_s ? *hooks[i].timeout_s * 1000 : -1});
  }
  built.state_.Reset(::memfd_create("hook-state", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  built.report_.Reset(::memfd_create("hook-report", MFD_CLOEXEC));
  if (!built.state_.valid() || !built.report_.valid()) return SysError("memfd_create", kind);
  if (!bundle.empty()) {
    CAISSON_ASSIGN(built.cwd_, OpenAt(kCwd, bundle, O_PATH | O_DIRECTORY), "bundle");
  }
  return built;
}

Status ChildHooks::SetState(std::string_view state_json) {
  if (hooks_.empty()) return Ok();
  CAISSON_TRY(WriteAll(state_, state_json, "hook state"));
  // Every hook reads the same file: none may write to it.
  constexpr int kSeals = F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL;
  if (::fcntl(state_.get(), F_ADD_SEALS, kSeals) != 0) return SysError("fcntl", "hook state");
  return Ok();
}

ChildHooksView ChildHooks::view() const {
  return {.hooks = hooks_.data(),
          .count = hooks_.size(),
          .state_fd = state_.get(),
          .report_fd = report_.get(),
          .cwd_fd = cwd_.get()};
}

Error ChildHooks::Explain(const StepFailure& failure) const {
  const std::string path =
      failure.item < texts_.size() ? texts_[failure.item].path : std::string("?");
  const auto wrap = [&](Error cause) {
    return std::move(cause).Wrap(
        StrCat("error running ", kind_, " hook #", failure.item, ": error running hook ", path));
  };
  std::string said;
  if (report_.valid() && ::lseek(report_.get(), 0, SEEK_SET) == 0) {
    const auto report = ReadFd(report_, "hook report");
    if (report && !Trim(*report).empty()) {
      const std::string_view text = Trim(*report);
      const auto line = text.rfind('\n');
      said = StrCat(", it said: ", line == std::string_view::npos ? text : text.substr(line + 1));
    }
  }
  const int code = failure.sys_errno;
  if (code >= kHookSignal)
    return wrap(Error(Code::kSystem, StrCat(SignalWords(code - kHookSignal), said)));
  if (code >= kHookExit)
    return wrap(Error(Code::kSystem, StrCat("exit status ", code - kHookExit, said)));
  if (code == ETIMEDOUT)
    return wrap(Error(Code::kSystem, "hook ran past specified timeout", ETIMEDOUT)
                    .Hint("raise the hook's timeout, or let it do its work in the background"));
  return wrap(SysError("run", path, code));
}

}  // namespace caisson::process
