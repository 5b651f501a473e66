// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/checkpoint.h"

#include <sys/stat.h>

#include <algorithm>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/container/opened.h"
#include "runtime/criu/descriptors.h"
#include "runtime/criu/log.h"

namespace caisson::container {
namespace {

Status CheckCanBeDumped(const Opened& opened, const spec::Config& config) {
  CAISSON_ASSIGN(const ContainerStatus status, StatusOf(opened));
  if (status != ContainerStatus::kRunning && status != ContainerStatus::kPaused)
    return WrongStatus(opened.record.id, status, "running or paused");
  if (config.process && config.process->terminal)
    return Error(Code::kUnsupported, StrCat("container \"", opened.record.id,
                                            "\" has a terminal, whose other end is outside"))
        .Hint("create it with process.terminal false");
  return Ok();
}

// A network namespace that was joined is not the container's to keep.
Result<std::vector<std::string>> JoinedNetwork(const spec::Config& config, pid_t init_pid) {
  std::vector<std::string> externals;
  const auto* const network = config.linux.FindNamespace(spec::NamespaceType::kNetwork);
  if (network == nullptr || network->path.empty()) return externals;
  struct stat there {};
  const std::string link = StrCat("/proc/", init_pid, "/ns/net");
  if (::stat(link.c_str(), &there) < 0) return SysError("stat", link);
  externals.push_back(StrCat("net[", there.st_ino, "]:", criu::kNetworkKey));
  return externals;
}

// Pipes criu finds by itself; of two that are the same file it wants to hear once.
void AddStreams(const std::vector<std::string>& streams, std::vector<std::string>& externals) {
  for (const std::string& stream : streams) {
    const std::string name = criu::OutsideName(stream);
    if (criu::OutsideMode(stream) &&
        std::find(externals.begin(), externals.end(), name) == externals.end())
      externals.push_back(name);
  }
}

Status RunDump(const criu::DumpOptions& options, const criu::DumpSubject& subject) {
  Command command;
  command.argv = criu::DumpCommand(options, subject);
  command.fds = {{1, 1}, {2, 2}};
  if (options.status_fd >= 0) command.fds.emplace_back(options.status_fd, options.status_fd);
  auto spawned = Spawn(command);
  if (!spawned && spawned.error().sys_errno() == ENOENT)
    return std::move(spawned).error().Hint("install criu, or give its path with --criu");
  if (!spawned) return std::move(spawned).error();
  const ChildGuard guard(*std::move(spawned));
  CAISSON_ASSIGN(const auto ended, guard.child().Reap(Deadline::Never()));
  return criu::Judge("dump", *ended, StrCat(options.work_path, "/", criu::kDumpLog));
}

}  // namespace

Status Checkpoint(const Context& context, const std::string& id, const criu::DumpOptions& options) {
  {
    CAISSON_ASSIGN(const Opened opened, OpenContainer(context, id, Access::kChange));
    CAISSON_ASSIGN(const spec::Config config, ConfigOf(opened));
    CAISSON_TRY(CheckCanBeDumped(opened, config));
    CAISSON_ASSIGN(const Pidfd init, OpenInit(opened.record));
    CAISSON_ASSIGN(const cgroup::Manager cgroup, CgroupOf(opened.record));
    CAISSON_TRY(MakeDirs(options.image_path, 0700));
    CAISSON_TRY(MakeDirs(options.work_path, 0700));
    criu::DumpSubject subject{.init_pid = init.host_pid(),
                              .rootfs = opened.record.rootfs,
                              .mounts = ExternalMounts(config, opened.record.bundle,
                                                       opened.record.rootfs, cgroup.record()),
                              .externals = {}};
    CAISSON_ASSIGN(subject.externals, JoinedNetwork(config, init.host_pid()));
    const auto streams = criu::StandardStreams(init.host_pid());
    AddStreams(streams, subject.externals);
    CAISSON_TRY(criu::WriteDescriptors(options.image_path, streams));
    CAISSON_TRY(RunDump(options, subject), StrCat("container \"", id, "\""));
  }
  if (options.leave_running || options.pre_dump) return Ok();
  // Criu has ended its processes.
  return Delete(context, id, {.force = true});
}

}  // namespace caisson::container
