// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/commands.h"
#include "runtime/cli/create_options.h"
#include "runtime/cli/criu_options.h"
#include "runtime/container/checkpoint.h"

namespace caisson::cli {
namespace {

constexpr Option kOptions[] = {
    {"leave-running", "", "let the container go on"},
    {"pre-dump", "", "only its memory, and let the container go on"},
    {"parent-path", "DIR", "an earlier image to build on, relative to the image"},
    {"page-server", "ADDRESS:PORT", "send memory to this page server"},
    {"status-fd", "FD", "descriptor that gets a byte when criu is ready for lazy pages"},
    {"tcp-skip-in-flight", "", "leave out TCP connections that are being made"},
    {"link-remap", "", "keep files that are open but removed"},
    CAISSON_CRIU_OPTIONS};

Status ReadPageServer(const std::string& text, criu::DumpOptions& options) {
  if (text.empty()) return Ok();
  const auto colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0 || !ParseInt<std::uint16_t>(text.substr(colon + 1)))
    return Error(Code::kInvalidSpec, StrCat("page server \"", text, "\""))
        .Hint("give ADDRESS:PORT for --page-server");
  options.page_server_address = text.substr(0, colon);
  options.page_server_port = text.substr(colon + 1);
  return Ok();
}

Result<int> Run(const Invocation& invocation) {
  const Parsed& given = invocation.options;
  criu::DumpOptions options;
  CAISSON_TRY(ReadCriuOptions(invocation, options));
  options.leave_running = given.On("leave-running");
  options.pre_dump = given.On("pre-dump");
  options.parent_path = given.Get("parent-path");
  if (options.parent_path.starts_with('/'))
    return Error(Code::kInvalidSpec, "--parent-path is absolute")
        .Hint("give it relative to --image-path, so that both can be moved");
  CAISSON_TRY(ReadPageServer(given.Get("page-server"), options));
  options.tcp_skip_in_flight = given.On("tcp-skip-in-flight");
  options.link_remap = given.On("link-remap");
  if (given.Has("status-fd")) {
    const auto fd = ParseInt<int>(given.Get("status-fd"));
    if (!fd || ::fcntl(*fd, F_GETFD) < 0)
      return Error(Code::kInvalidSpec, StrCat("--status-fd ", given.Get("status-fd")))
          .Hint("give the number of an open descriptor");
    options.status_fd = *fd;
  }
  CAISSON_TRY(container::Checkpoint(invocation.context, invocation.id(), options));
  return 0;
}

}  // namespace

const Command kCheckpoint = {
    .name = "checkpoint",
    .arguments = "CONTAINER",
    .summary = "keep a running container in files (needs criu)",
    .options = kOptions,
    .min_arguments = 1,
    .max_arguments = 1,
    .run = Run,
};

}  // namespace caisson::cli
