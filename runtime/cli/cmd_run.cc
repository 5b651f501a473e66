// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/log.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/create_options.h"
#include "runtime/cli/exit_stats.h"
#include "runtime/cli/foreground.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"detach", "", "do not wait for the container's process", 'd'},
    {"keep", "", "do not delete the container when its process has ended"},
    {"no-subreaper", "", "do not adopt orphans of the container"},
    {"stats-json", "FILE", "at the end, write exit status, CPU time, peak memory and OOM as JSON"},
    CAISSON_CREATE_OPTIONS};

Result<int> RunDetached(const Invocation& invocation, const container::CreateOptions& options) {
  CAISSON_ASSIGN(const container::Created created, container::Run(invocation.context, options));
  if (created.notify) CAISSON_TRY(created.notify->AwaitReady(created.init));
  return 0;
}

Result<int> RunForeground(const Invocation& invocation, container::CreateOptions options) {
  UniqueFd console;
  // The console's master comes here when there is a terminal and nobody else asked for it.
  if (options.console.socket_path.empty()) options.console.master = &console;
  options.console.plain_line_ends = options.console.socket_path.empty();
  options.console.size = Foreground::WindowSize();
  CAISSON_ASSIGN(Foreground foreground, Foreground::Begin(invocation.options.On("no-subreaper")
                                                              ? Foreground::Subreaper::kNo
                                                              : Foreground::Subreaper::kYes));
  CAISSON_ASSIGN(container::Created created, container::Run(invocation.context, options));
  const Result<ExitStatus> status =
      foreground.Wait(created.init, std::move(console), created.notify.get());
  if (const auto killed = status ? OutOfMemory(*created.opened, *status) : std::nullopt)
    Log(LogLevel::kWarning, *killed, {{"id", options.id}});
  if (status && invocation.options.Has("stats-json"))
    CAISSON_TRY(WriteExitStats(invocation.options.Get("stats-json"), *created.opened, *status));
  if (!invocation.options.On("keep")) {
    const Status deleted =
        container::DeleteEnded(std::move(created), container::DeleteOptions().deadline);
    // The container's own exit status matters more than what could not be cleaned up.
    if (!deleted) Log(LogLevel::kWarning, deleted.error().ToString(), {{"id", options.id}});
  }
  if (!status) return status.error();
  return status->ShellCode();
}

Result<int> Run(const Invocation& invocation) {
  CAISSON_ASSIGN(container::CreateOptions options, MakeCreateOptions(invocation));
  if (invocation.options.On("detach")) return RunDetached(invocation, options);
  return RunForeground(invocation, std::move(options));
}

}  // namespace

const Command kRun = {
    .name = "run",
    .arguments = "CONTAINER",
    .summary = "create and run a container",
    .options = kOptions,
    .min_arguments = 1,
    .max_arguments = 1,
    .enters_container = true,
    .run = Run,
};

}  // namespace caisson::cli
