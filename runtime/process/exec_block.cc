// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/exec_block.h"

#include <cstring>
#include <string_view>
#include <unordered_set>

namespace caisson::process {
namespace {

constexpr std::string_view kDefaultPath =
    "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr std::size_t kHomeBytes = 4096 + sizeof "HOME=";

Error BadMember(std::string_view member, std::string_view what) {
  return Error(Code::kInvalidSpec, StrCat("process.", member, ": ", what));
}

Status CheckArgs(const std::vector<std::string>& args) {
  if (args.empty() || args[0].empty()) return BadMember("args", "no program given");
  for (std::size_t i = 0; i < args.size(); ++i) {
    if (args[i].find('\0') != std::string::npos)
      return BadMember(StrCat("args[", i, "]"), "has a NUL byte");
  }
  return Ok();
}

Status CheckEnv(const std::string& entry, std::size_t index) {
  const auto bad = [&](std::string_view what) {
    return BadMember(StrCat("env[", index, "]"), what);
  };
  if (entry.find('\0') != std::string::npos) return bad("has a NUL byte");
  const auto equals = entry.find('=');
  if (equals == std::string::npos || equals == 0)
    return bad(StrCat("\"", entry, "\" is not NAME=value"));
  for (std::size_t i = 0; i < equals; ++i) {
    if (static_cast<unsigned char>(entry[i]) < 0x20) return bad("its name has a control character");
  }
  return Ok();
}

std::string_view NameOf(std::string_view entry) { return entry.substr(0, entry.find('=')); }

// The configuration's variables, then ours; of several with one name only the last stays, where the
// first stood is nobody's business. An empty HOME counts as none, as in runc.
Result<std::vector<std::string>> Environment(const spec::Process& process,
                                             const ExecExtras& extras) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < process.env.size(); ++i) {
    CAISSON_TRY(CheckEnv(process.env[i], i));
    all.push_back(process.env[i]);
  }
  all.insert(all.end(), extras.env.begin(), extras.env.end());
  std::unordered_set<std::string_view> seen;
  std::vector<std::string> kept;
  for (auto entry = all.rbegin(); entry != all.rend(); ++entry) {
    if (!seen.insert(NameOf(*entry)).second || *entry == "HOME=") continue;
    kept.push_back(*entry);
  }
  return std::vector<std::string>(kept.rbegin(), kept.rend());
}

std::optional<std::string_view> Find(const std::vector<std::string>& env, std::string_view name) {
  for (const std::string_view entry : env) {
    if (NameOf(entry) == name) return entry.substr(name.size() + 1);
  }
  return std::nullopt;
}

// Where a relative name lies once the process is in its working directory.
std::string Below(const std::string& cwd, std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  return cwd.ends_with('/') ? StrCat(cwd, path) : StrCat(cwd, "/", path);
}

std::vector<std::string> Candidates(const std::string& program, const std::string& cwd,
                                    const std::vector<std::string>& env) {
  if (program.find('/') != std::string::npos) return {Below(cwd, program)};
  std::vector<std::string> candidates;
  for (const std::string_view dir : Split(Find(env, "PATH").value_or(kDefaultPath), ':'))
    candidates.push_back(StrCat(Below(cwd, dir.empty() ? "." : dir), "/", program));
  return candidates;
}

}  // namespace

Result<ExecBlock> ExecBlock::Build(const spec::Process& process, const ExecExtras& extras) {
  CAISSON_TRY(CheckArgs(process.args));
  ExecBlock block;
  block.cwd_ = process.cwd.empty() ? "/" : process.cwd;
  if (block.cwd_[0] != '/' || block.cwd_.find('\0') != std::string::npos)
    return BadMember("cwd", StrCat("\"", block.cwd_, "\" is not an absolute path"));
  block.program_ = process.args[0];
  block.by_path_ = block.program_.find('/') == std::string::npos;
  block.uid_ = process.user.uid;
  CAISSON_ASSIGN(const std::vector<std::string> env, Environment(process, extras));
  block.Fill(process.args, env, Candidates(block.program_, block.cwd_, env),
             Find(env, "HOME").has_value());
  return block;
}

// One allocation of the exact size, so that the pointers into it stay true.
void ExecBlock::Fill(const std::vector<std::string>& args, const std::vector<std::string>& env,
                     const std::vector<std::string>& candidates, bool has_home) {
  std::size_t bytes = cwd_.size() + 1 + (has_home ? 0 : kHomeBytes);
  for (const auto* list : {&args, &env, &candidates}) {
    for (const std::string& text : *list) bytes += text.size() + 1;
  }
  arena_ = std::make_unique<char[]>(bytes);
  char* next = arena_.get();
  const auto put = [&next](std::string_view text) {
    char* const start = next;
    std::memcpy(start, text.data(), text.size());
    start[text.size()] = '\0';
    next += text.size() + 1;
    return start;
  };
  for (const std::string& arg : args) argv_.push_back(put(arg));
  for (const std::string& entry : env) envp_.push_back(put(entry));
  for (const std::string& path : candidates) candidates_.push_back(put(path));
  cwd_text_ = put(cwd_);
  if (!has_home) {
    home_ = next;
    std::memcpy(home_, "HOME=/", sizeof "HOME=/");
    envp_.push_back(home_);
  }
  argv_.push_back(nullptr);
  envp_.push_back(nullptr);
}

ExecView ExecBlock::view() const {
  return {.candidates = candidates_.data(),
          .candidate_count = candidates_.size(),
          .argv = argv_.data(),
          .envp = envp_.data(),
          .cwd = cwd_text_,
          .home = home_,
          .home_capacity = home_ != nullptr ? kHomeBytes : 0,
          .uid = uid_};
}

Error ExecBlock::ExplainResolve(int sys_errno) const {
  const std::string quoted = StrCat("exec: \"", program_, "\": ");
  if (by_path_)
    return Error(Code::kNotFound, quoted + "executable file not found in $PATH", ENOENT)
        .Hint("install it in the image, or give its path in process.args[0]");
  if (sys_errno == EACCES)
    return Error(Code::kDenied, quoted + "permission denied", EACCES)
        .Hint("it must be a file with the x bit, on a mount without noexec");
  Error error(CodeOf(sys_errno), StrCat(quoted, "stat ", program_, ": ", ErrnoWords(sys_errno)),
              sys_errno);
  if (sys_errno != ENOENT) return error;
  return std::move(error).Hint("install it in the image, or correct process.args[0]");
}

std::string ExecBlock::WhatIsTooLong() const {
  // Source: execve(2), "Limits on size of arguments and environment": MAX_ARG_STRLEN.
  constexpr std::size_t kLongest = std::size_t{32} * 4096;
  for (const auto* const strings : {&argv_, &envp_}) {
    for (const char* const text : *strings) {
      if (text == nullptr || ::strnlen(text, kLongest) < kLongest) continue;
      const std::string_view start(text, 64);
      return StrCat(strings == &argv_ ? "an argument that begins with \"" : "the variable \"",
                    start.substr(0, strings == &argv_ ? 16 : start.find('=')),
                    "\" is longer than the 131071 bytes that the kernel takes");
    }
  }
  return "process.args and process.env together are too long";
}

Error ExecBlock::ExplainExec(int sys_errno) const {
  Error error(CodeOf(sys_errno), StrCat("exec ", program_, ": ", ErrnoWords(sys_errno)), sys_errno);
  switch (sys_errno) {
    case ENOENT:
      return std::move(error).Hint(
          "the file is there, so its interpreter or ELF loader is not: install it, or link "
          "statically");
    case ENOEXEC:
      return std::move(error).Hint("built for another architecture, or a script without a #! line");
    case EACCES:
      return std::move(error).Hint(
          "process.user may not execute it, or it lies on a mount with noexec");
    case EPERM:
      return std::move(error).Hint("the seccomp profile must allow execve, or a label forbids it");
    case E2BIG: return std::move(error).Hint(WhatIsTooLong());
    default: return error;
  }
}

Error ExecBlock::ExplainCwd(int sys_errno) const {
  Error error(
      CodeOf(sys_errno),
      StrCat("chdir to cwd (\"", cwd_, "\") set in config.json failed: ", ErrnoWords(sys_errno)),
      sys_errno);
  if (sys_errno == EXDEV)
    return Error(Code::kDenied, StrCat("process.cwd \"", cwd_, "\": lies outside the container"),
                 EXDEV);
  if (sys_errno == EACCES) return std::move(error).Hint("process.user may not enter it");
  if (sys_errno == ELOOP)
    return std::move(error).Hint("name the directory itself, not a link of /proc to it");
  return error;
}

}  // namespace caisson::process
