// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/containers.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>

#include "agent/keeper/exit_store.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/spec/config.h"

namespace caisson::keeper {
namespace {

using keeper_client::ContainerInfo;
using keeper_client::ContainerState;
using keeper_client::CreateRequest;
using keeper_client::ExitRecord;

constexpr std::chrono::seconds kRemoveLimit{5};

std::int64_t NowNs() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct Pipe {
  UniqueFd read_end;
  UniqueFd write_end;
};

// A pipe whose write end belongs to the container's user, so that the program may open it again by
// way of /dev/stdout.
Result<Pipe> MakePipe(const spec::User& user) {
  int raw[2];
  if (::pipe2(raw, O_CLOEXEC) < 0) return SysError("pipe", "container output");
  Pipe pipe{UniqueFd(raw[0]), UniqueFd(raw[1])};
  if (::fchown(pipe.write_end.get(), user.uid, user.gid) < 0)
    return SysError("fchown", "container output");
  return pipe;
}

}  // namespace

Containers::Containers(const keeper_client::KeeperConfig& config, EventLoop& loop, OnExit on_exit)
    : config_(config),
      loop_(loop),
      on_exit_(std::move(on_exit)),
      runtime_{.root = config.state_root},
      null_(::open("/dev/null", O_RDWR | O_CLOEXEC)) {}

std::string Containers::CgroupOf(const std::string& id) const {
  return StrCat(config_.pod_cgroup, "/", id);
}

Result<Containers::Container*> Containers::Find(const std::string& id) {
  const auto found = containers_.find(id);
  if (found == containers_.end())
    return Error(Code::kNotFound, StrCat("container \"", id, "\" is not in this pod"));
  return &found->second;
}

Status Containers::Create(const CreateRequest& request, const std::vector<UniqueFd>& fds) {
  if (containers_.contains(request.container_id))
    return Error(Code::kAlreadyExists,
                 StrCat("container \"", request.container_id, "\" is in this pod already"));
  if (fds.size() != request.mount_indexes.size() + 1)
    return Error(Code::kInvalidSpec,
                 StrCat("create: ", fds.size(), " descriptors came for the root and ",
                        request.mount_indexes.size(), " mounts"));
  Container container;
  container.info.container_id = request.container_id;
  container.info.name = request.name;
  container.info.attempt = request.attempt;
  CAISSON_TRY(Launch(request, fds, container));
  container.info.host_pid = container.init.host_pid();
  if (request.start) {
    container.info.state = ContainerState::kRunning;
    container.info.started_at_ns = NowNs();
  }
  containers_.emplace(request.container_id, std::move(container));
  return Ok();
}

Status Containers::Launch(const CreateRequest& request, const std::vector<UniqueFd>& fds,
                          Container& container) {
  container::CreateOptions options;
  options.id = request.container_id;
  options.bundle = request.bundle_dir;
  CAISSON_ASSIGN(const std::string text, ReadFile(StrCat(request.bundle_dir, "/config.json")));
  CAISSON_ASSIGN(options.config, spec::ParseConfig(text));
  options.root_mount_fd = fds[0].get();
  for (std::size_t i = 0; i < request.mount_indexes.size(); ++i)
    options.mount_source_fds[request.mount_indexes[i]] = fds[i + 1].get();

  CAISSON_ASSIGN(LogFile log, LogFile::Open(request.log_path, config_.log_rotation));
  auto output = std::make_unique<ContainerOutput>(loop_, std::move(log));
  const spec::Process process = options.config->process.value_or(spec::Process{});
  Pipe out;
  Pipe err;
  UniqueFd terminal;
  options.stdio.in = null_.get();
  if (process.terminal) {
    options.console.master = &terminal;
  } else {
    CAISSON_ASSIGN(out, MakePipe(process.user));
    CAISSON_ASSIGN(err, MakePipe(process.user));
    options.stdio.out = out.write_end.get();
    options.stdio.err = err.write_end.get();
    // Before there is a process that a failure would leave behind.
    CAISSON_TRY(output->Add(LogStream::kStdout, std::move(out.read_end)));
    CAISSON_TRY(output->Add(LogStream::kStderr, std::move(err.read_end)));
  }
  auto made =
      request.start ? container::Run(runtime_, options) : container::Create(runtime_, options);
  if (!made) return std::move(made).error();
  container.init = std::move(made->init);
  if (process.terminal) {
    if (Status added = output->Add(LogStream::kStdout, std::move(terminal)); !added) {
      (void)container::Delete(runtime_, options.id, {.force = true});
      return added;
    }
  }
  container.output = std::move(output);
  return Ok();
}

Status Containers::Start(const std::string& id) {
  CAISSON_ASSIGN(Container* const container, Find(id));
  if (container->info.state != ContainerState::kCreated)
    return Error(Code::kWrongState, StrCat("start container \"", id, "\": it is ",
                                           keeper_client::NameOf(container->info.state)));
  CAISSON_TRY(container::Start(runtime_, id));
  container->info.state = ContainerState::kRunning;
  container->info.started_at_ns = NowNs();
  return Ok();
}

Status Containers::Signal(const keeper_client::SignalRequest& request) {
  CAISSON_ASSIGN(Container* const container, Find(request.container_id));
  if (container->info.state == ContainerState::kExited)
    return Error(Code::kWrongState,
                 StrCat("signal container \"", request.container_id, "\": it has exited"));
  if (request.all_processes)
    return container::Kill(runtime_, request.container_id, request.signal, /*all=*/true);
  return container->init.Signal(request.signal);
}

Status Containers::Remove(const std::string& id) {
  const auto found = containers_.find(id);
  if (found == containers_.end()) return Ok();
  Container& container = found->second;
  if (container.info.state != ContainerState::kExited) {
    (void)container.init.Signal(SIGKILL);  // it may be ending by itself
    CAISSON_ASSIGN(const bool ended, container.init.WaitEnded(Deadline::After(kRemoveLimit)));
    if (!ended)
      return Error(Code::kSystem,
                   StrCat("container \"", id, "\": process ", container.init.host_pid(),
                          " did not die of SIGKILL yet"),
                   ETIMEDOUT);
    TakeExit(container);
  }
  CAISSON_TRY(
      container::Delete(runtime_, id, {.force = true, .deadline = Deadline::After(kRemoveLimit)}));
  containers_.erase(found);
  return Ok();
}

Status Containers::RemoveAll() {
  // All die at the same time; each is then waited for.
  for (auto& [id, container] : containers_) {
    if (container.info.state != ContainerState::kExited) (void)container.init.Signal(SIGKILL);
  }
  while (!containers_.empty()) CAISSON_TRY(Remove(std::string(containers_.begin()->first)));
  return Ok();
}

std::vector<ContainerInfo> Containers::List() const {
  std::vector<ContainerInfo> all;
  for (const auto& [id, container] : containers_) all.push_back(container.info);
  return all;
}

Result<ContainerInfo> Containers::Info(const std::string& id) const {
  const auto found = containers_.find(id);
  if (found == containers_.end())
    return Error(Code::kNotFound, StrCat("container \"", id, "\" is not in this pod"));
  return found->second.info;
}

void Containers::ReapChildren() {
  while (true) {
    siginfo_t ended{};
    // Only looked at, so that a container's status is still there for its own Pidfd to take.
    if (::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) < 0 || ended.si_pid == 0) return;
    Container* found = nullptr;
    for (auto& [id, container] : containers_) {
      const bool alive = container.info.state != ContainerState::kExited;
      if (alive && container.init.host_pid() == ended.si_pid) found = &container;
    }
    if (found != nullptr) {
      TakeExit(*found);
    } else {
      siginfo_t orphan{};
      (void)::waitid(P_PID, static_cast<id_t>(ended.si_pid), &orphan, WEXITED | WNOHANG);
    }
  }
}

void Containers::TakeExit(Container& container) {
  ContainerInfo& info = container.info;
  const auto reaped = container.init.Reap(Deadline::Never());
  if (!reaped) Log(LogLevel::kError, reaped.error().ToString());
  const ExitStatus status = reaped && *reaped ? **reaped : ExitStatus{.signal = SIGKILL};
  container.output->Drain();
  ExitRecord record;
  record.container_id = info.container_id;
  record.name = info.name;
  record.attempt = info.attempt;
  record.code = status.code;
  record.signal = status.signal;
  record.oom_killed = !status.ok() && SawOomKill(config_.cgroup_root, CgroupOf(info.container_id));
  record.started_at_ns = info.started_at_ns;
  record.finished_at_ns = NowNs();
  info.state = ContainerState::kExited;
  info.host_pid = 0;
  info.exit = record;
  // A full disk must not hide an exit: it is told all the same, and List keeps it in memory.
  if (const Status saved = SaveExit(config_.data_dir, record); !saved)
    Log(LogLevel::kError, saved.error().ToString());
  on_exit_(record);
}

}  // namespace caisson::keeper
