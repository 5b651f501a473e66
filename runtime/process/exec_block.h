// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/base/child_zone.h"
#include "runtime/base/error.h"
#include "runtime/spec/process.h"

namespace caisson::process {

// What the child needs for execve(2). Plain data that points into an ExecBlock.
struct ExecView {
  const char* const* candidates = nullptr;  // paths to try, in the order of PATH
  std::size_t candidate_count = 0;
  char* const* argv = nullptr;
  char* const* envp = nullptr;
  const char* cwd = nullptr;
  char* home = nullptr;  // room for "HOME=...", the last of envp; nullptr when HOME is given
  std::size_t home_capacity = 0;
  std::uint32_t uid = 0;
};

// What to run on top of the configuration.
struct ExecExtras {
  std::vector<std::string> env;  // appended; wins over the configuration ("LISTEN_FDS=1")
};

// argv, envp, working directory and the paths to try, in one arena that is built before clone3(2)
// and handed to execve(2) as it is. Move-only: views point into it.
// Thread-compatible: one owner at a time.
class ExecBlock {
 public:
  // Errors: kInvalidSpec naming the member ("process.env[2]: ..."), for no arguments, names
  // without "=", NUL bytes, and relative working directories.
  static Result<ExecBlock> Build(const spec::Process& process, const ExecExtras& extras = {});

  ExecBlock(ExecBlock&&) noexcept = default;
  ExecBlock& operator=(ExecBlock&&) noexcept = default;
  ExecBlock(const ExecBlock&) = delete;
  ExecBlock& operator=(const ExecBlock&) = delete;
  ~ExecBlock() = default;

  ExecView view() const;

  // ResolveExecutable's failure as a sentence. Clients read these texts for their exit codes
  // (127 and 126), so they are those of Go's os/exec:
  //   exec: "foo": executable file not found in $PATH
  //   exec: "/foo": stat /foo: no such file or directory
  //   exec: "/foo": permission denied
  Error ExplainResolve(int sys_errno) const;
  // execve's failure: the file was there, but the kernel did not take it.
  Error ExplainExec(int sys_errno) const;
  // The working directory's failure.
  Error ExplainCwd(int sys_errno) const;

 private:
  std::string WhatIsTooLong() const;
  ExecBlock() = default;
  void Fill(const std::vector<std::string>& args, const std::vector<std::string>& env,
            const std::vector<std::string>& candidates, bool has_home);

  std::string program_;
  std::string cwd_;
  bool by_path_ = false;  // looked for in PATH
  std::uint32_t uid_ = 0;
  // All texts that the pointers below point to; the address survives a move.
  std::unique_ptr<char[]> arena_;
  std::vector<const char*> candidates_;
  std::vector<char*> argv_;
  std::vector<char*> envp_;
  const char* cwd_text_ = nullptr;
  char* home_ = nullptr;
};

// Child zone, all below: inside the container, after pivot_root.

// The first candidate that is a file this process may execute.
struct Executable {
  const char* path = nullptr;
  int sys_errno = 0;
};
Executable ResolveExecutable(const ExecView& view) noexcept;

// Sets HOME from the container's /etc/passwd by numeric uid, "/" when it is not there; nothing when
// the configuration gives HOME. Regular file, at most 1 MiB of it is read.
void FillHome(const ExecView& view) noexcept;

// fchdir(2) to what the path names without a magic link of /proc, and then proof that it lies below
// this process's root (CVE-2024-21626). Returns errno; EXDEV for a directory outside. As in runc,
// called before the change of user and, on EACCES, again after it.
int EnterCwd(const ExecView& view) noexcept;

// execve(2); returns errno.
int Execute(const ExecView& view, const char* path) noexcept;

}  // namespace caisson::process
