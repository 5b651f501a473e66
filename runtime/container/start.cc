// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <unistd.h>

#include <optional>

#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/base/socket.h"
#include "runtime/base/trace.h"
#include "runtime/container/destroy.h"
#include "runtime/container/handover.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/notify_socket.h"
#include "runtime/container/opened.h"
#include "runtime/container/poststart.h"
#include "runtime/launch/parent.h"
#include "runtime/process/hooks.h"

namespace caisson::container {
namespace {

using sync::Type;

constexpr std::chrono::seconds kUndoLimit{5};

// The plan lives in the process that created the container; its words are made again from the
// configuration, only when there is a failure to tell.
Error ExplainStart(const spec::Config& config, const sync::Message& failed) {
  if (failed.phase == sync::Phase::kStartHooks) {
    const auto hooks =
        process::ChildHooks::Build("startContainer", config.hooks.start_container, "");
    if (hooks) return hooks->Explain({.sys_errno = failed.sys_errno, .item = failed.item});
  }
  launch::ProcessRequest request;
  request.process = &*config.process;
  request.linux = &config.linux;
  auto plan = launch::ProcessPlan::Build(request);
  if (plan) return plan->Explain(failed);
  return SysError("container init", sync::NameOf(failed.phase), failed.sys_errno);
}

Result<sync::Channel> Knock(const Opened& opened, const spec::Config& config) {
  const std::string gate = StrCat(FdPath(opened.directory.fd()), "/", state::Directory::kStartGate);
  auto socket = ConnectUnix(gate, SocketType::kSeqpacket);
  if (!socket)
    return Error(Code::kWrongState,
                 StrCat("container \"", opened.record.id, "\": init does not wait for start"),
                 socket.error().sys_errno());
  std::vector<Type> expected = {Type::kStarting};
  if (config.linux.seccomp && !config.linux.seccomp->listener_path.empty())
    expected.push_back(Type::kSeccompNotify);
  return sync::Channel(std::move(socket).value(), sync::Sequence(std::move(expected)));
}

// A container without process has nothing to run: it stops, as with crun, which engines know.
Status EndWithoutProcess(const Opened& opened, const Pidfd& init) {
  Log(LogLevel::kWarning, "the configuration has no process: the container stops",
      {{"id", opened.record.id}});
  (void)init.Signal(SIGKILL);  // it may have ended just now
  CAISSON_TRY(init.WaitEnded(Deadline::After(kLockWait)));
  (void)::unlinkat(opened.directory.fd().get(), state::Directory::kStartGate, 0);
  return Ok();
}

// A hook refused the container: it ends, and is taken apart as by delete.
// Source: runtime-spec runtime.md, lifecycle, steps 7 and 9.
Error Undo(Opened opened, Error why) {
  const std::string id = opened.record.id;
  const Status undone = Destroy(std::move(opened.directory), opened.record, PoststopHooks::kRun,
                                Deadline::After(kUndoLimit));
  // The hook's failure is the one that counts, so this one can only be told here.
  if (!undone) Log(LogLevel::kWarning, undone.error().ToString(), {{"id", id}});
  return why;
}

// The words are runc's.
Error CannotStart(const std::string& id, ContainerStatus status) {
  if (status == ContainerStatus::kRunning)
    return Error(Code::kWrongState,
                 StrCat("cannot start an already running container: \"", id, "\""));
  if (status == ContainerStatus::kStopped)
    return Error(Code::kWrongState,
                 StrCat("cannot start a container that has stopped: \"", id, "\""));
  return Error(Code::kWrongState, StrCat("cannot start a container in the ", state::NameOf(status),
                                         " state: \"", id, "\""));
}

}  // namespace

Status Start(const Context& context, const std::string& id, const std::string& notify_socket) {
  CAISSON_ASSIGN(Opened opened, OpenContainer(context, id, Access::kChange));
  CAISSON_TRACE(start_1, id);
  CAISSON_ASSIGN(const ContainerStatus status, StatusOf(opened));
  if (status != ContainerStatus::kCreated) return CannotStart(id, status);
  CAISSON_ASSIGN(const spec::Config config, ConfigOf(opened));
  CAISSON_ASSIGN(const Pidfd init, OpenInit(opened.record));
  if (!config.process) return EndWithoutProcess(opened, init);
  std::optional<NotifyRelay> relay;
  if (!notify_socket.empty()) {
    CAISSON_ASSIGN(relay, NotifyRelay::Bind(opened.directory, notify_socket));
  }
  CAISSON_ASSIGN(sync::Channel channel, Knock(opened, config));
  CAISSON_TRACE(start_2, id);
  (void)channel.Send(Type::kStart);  // one that has just died is told of below
  const auto notify = SeccompNotifier(
      config.linux, init, state::OciStateJson(opened.record, ContainerStatus::kCreated));
  bool hook_failed = false;
  const auto explain = [&](const sync::Message& failed) {
    hook_failed = failed.phase == sync::Phase::kStartHooks;
    return ExplainStart(config, failed);
  };
  Status running = launch::AwaitRunning(init, channel, explain, notify, Deadline::Never());
  // Whatever came of it, nobody waits at the gate any more.
  (void)::unlinkat(opened.directory.fd().get(), state::Directory::kStartGate, 0);
  if (!running && hook_failed) return Undo(std::move(opened), std::move(running).error());
  if (!running) return running;
  CAISSON_TRACE(start_6, id);
  if (Status hooks = RunPoststartHooks(config, opened.record); !hooks)
    return Undo(std::move(opened), std::move(hooks).error());
  opened.directory.Unlock();
  return relay ? relay->AwaitReady(init) : Ok();
}

}  // namespace caisson::container
