// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/cgroup/layout.h"
#include "runtime/cli/commands.h"
#include "runtime/spec/example.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"bundle", "DIR", "the bundle's directory (default: the current one)", 'b'},
    {"rootless", "", "for a user without privileges"},
    {"help", "", "show this help", 'h'},
};

Result<int> Run(const Invocation& invocation) {
  const auto layout = cgroup::Layout::Detect();
  spec::Config config = spec::Example(layout && layout->mode == cgroup::Mode::kUnified);
  if (invocation.options.On("rootless")) spec::MakeRootless(config, ::geteuid(), ::getegid());
  const std::string bundle = invocation.options.Get("bundle", ".");
  CAISSON_ASSIGN(const UniqueFd dir, OpenAt(kCwd, bundle, O_RDONLY | O_DIRECTORY), "--bundle");
  constexpr char kName[] = "config.json";
  // Never over a file that is there: it may be the user's work.
  auto file = OpenAt(dir, kName, O_WRONLY | O_CREAT | O_EXCL, 0644);
  if (!file && file.error().sys_errno() == EEXIST)
    return Error(Code::kAlreadyExists, StrCat("File ", kName, " exists. Remove it first"), EEXIST);
  if (!file) return std::move(file).error();
  CAISSON_TRY(WriteAll(*file, StrCat(spec::ToJson(config, "\t"), "\n"), kName));
  return 0;
}

}  // namespace

const Command kSpec = {
    .name = "spec",
    .summary = "write an example configuration",
    .options = kOptions,
    .run = Run,
};

}  // namespace caisson::cli
