// SPDX-License-Identifier: Apache-2.0
#include "runtime/base/log.h"
#include "runtime/cli/commands.h"
#include "runtime/cli/create_options.h"
#include "runtime/cli/criu_options.h"
#include "runtime/cli/foreground.h"
#include "runtime/container/checkpoint.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"bundle", "DIR", "path to the bundle (default: the current directory)", 'b'},
    {"config", "FILE", "the configuration, in place of the bundle's config.json", 'f'},
    {"detach", "", "do not wait for the container's process", 'd'},
    {"pid-file", "FILE", "write the process id to this file"},
    {"pidfd-socket", "PATH", "AF_UNIX socket that gets a pidfd of the container's process"},
    {"console-socket", "PATH", "ignored: a container with a terminal cannot be kept"},
    {"no-pivot", "", "ignored: criu makes the root"},
    {"no-subreaper", "", "do not adopt orphans of the container"},
    {"lsm-profile", "TYPE:NAME", "the security label of its processes, in place of the kept one"},
    {"lsm-mount-context", "CONTEXT", "the SELinux context of its mounts, in place of the kept one"},
    CAISSON_CRIU_OPTIONS};

Result<int> RestoreForeground(const Invocation& invocation, const container::CreateOptions& options,
                              const criu::RestoreOptions& criu_options) {
  CAISSON_ASSIGN(Foreground foreground, Foreground::Begin(invocation.options.On("no-subreaper")
                                                              ? Foreground::Subreaper::kNo
                                                              : Foreground::Subreaper::kYes));
  CAISSON_ASSIGN(container::Created created,
                 container::Restore(invocation.context, options, criu_options));
  const Result<ExitStatus> status = foreground.Wait(created.init, UniqueFd());
  const Status deleted =
      container::DeleteEnded(std::move(created), container::DeleteOptions().deadline);
  // The container's own exit status matters more than what could not be cleaned up.
  if (!deleted) Log(LogLevel::kWarning, deleted.error().ToString(), {{"id", options.id}});
  if (!status) return status.error();
  return status->ShellCode();
}

Result<int> Run(const Invocation& invocation) {
  const Parsed& given = invocation.options;
  criu::RestoreOptions criu_options;
  CAISSON_TRY(ReadCriuOptions(invocation, criu_options));
  criu_options.lsm_profile = given.Get("lsm-profile");
  criu_options.lsm_mount_context = given.Get("lsm-mount-context");
  CAISSON_ASSIGN(container::CreateOptions options, MakeCreateOptions(invocation));
  options.notify_socket.clear();  // readiness was told before the checkpoint
  if (!given.On("detach")) return RestoreForeground(invocation, options, criu_options);
  CAISSON_TRY(container::Restore(invocation.context, options, criu_options));
  return 0;
}

}  // namespace

const Command kRestore = {
    .name = "restore",
    .arguments = "CONTAINER",
    .summary = "bring a container back from files (needs criu)",
    .options = kOptions,
    .min_arguments = 1,
    .max_arguments = 1,
    .enters_container = true,
    .run = Run,
};

}  // namespace caisson::cli
