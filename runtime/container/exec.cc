// SPDX-License-Identifier: Apache-2.0
#include <sched.h>

#include <optional>

#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/trace.h"
#include "runtime/container/cgroup_entry.h"
#include "runtime/container/handover.h"
#include "runtime/container/lifecycle.h"
#include "runtime/container/opened.h"
#include "runtime/container/resctrl.h"
#include "runtime/launch/parent.h"
#include "runtime/process/scheduling.h"
#include "runtime/spec/annotations.h"

namespace caisson::container {
namespace {

constexpr std::chrono::minutes kExecLimit{2};

std::uint64_t JoinFlags(const state::Record& record) {
  std::uint64_t flags = 0;
  for (const spec::Namespace& entry : record.namespaces)
    flags |= static_cast<std::uint64_t>(spec::CloneFlagOf(entry.type));
  return flags;
}

// The cgroup that the process is put into: the container's, or one below it.
Result<cgroup::Manager> TargetCgroup(const ExecOptions& options, const cgroup::Manager& container) {
  if (options.sub_cgroups.empty()) return cgroup::Manager(container.record());
  CAISSON_ASSIGN(cgroup::Manager below, container.Below(options.sub_cgroups), "--cgroup");
  return below;
}

// An unprivileged user namespace forbids setgroups(2) for good. Source: user_namespaces(7).
Result<process::SetGroups> SetGroupsOf(const state::Record& record) {
  if (spec::KeepsOriginalGroups(record.annotations)) return process::SetGroups::kKept;
  if ((JoinFlags(record) & CLONE_NEWUSER) == 0) return process::SetGroups::kAllowed;
  CAISSON_ASSIGN(const std::string setting,
                 ReadSmallFileAt(kCwd, StrCat("/proc/", record.init_pid, "/setgroups")));
  return Trim(setting) == "deny" ? process::SetGroups::kDenied : process::SetGroups::kAllowed;
}

// The group that the container's processes are in.
Result<std::optional<Resctrl>> ResctrlOf(const spec::Config& config, const std::string& id) {
  if (!config.linux.intel_rdt) return std::optional<Resctrl>();
  CAISSON_ASSIGN(std::string root, Resctrl::FindRoot());
  CAISSON_ASSIGN(Resctrl group, Resctrl::Plan(*config.linux.intel_rdt, id, std::move(root)));
  return std::optional<Resctrl>(std::move(group));
}

// How the new process is set up from outside.
struct Surroundings {
  process::ExecAffinity affinity;
  std::optional<Resctrl> resctrl;
};

Result<launch::Launched> LaunchInto(launch::LaunchPlan& plan, const Surroundings& surroundings,
                                    cgroup::Manager& target, const launch::NotifyFn& notify) {
  const process::ExecAffinity& affinity = surroundings.affinity;
  launch::ParentWork work;
  CgroupEntry entry;
  if (!plan.namespaces().needs_stage1 && target.has_cgroup()) {
    const auto own_hand = affinity.final.bytes == 0 ? OwnHand::kAllowed : OwnHand::kForbidden;
    CAISSON_ASSIGN(entry, PlanCgroupEntry(target, own_hand, plan, work));
  }
  work.place = [&](const Pidfd& child) -> Status {
    // Where it runs on its way in, and where afterwards: the cgroup's cpuset lies in between.
    if (const int err = process::SetAffinity(child.host_pid(), affinity.initial); err != 0)
      return process::ExplainAffinity("initial", err);
    if (affinity.initial.bytes > 0)
      Log(LogLevel::kDebug, StrCat("nsexec: affinity: ", process::MaskText(affinity.initial)));
    if (surroundings.resctrl) CAISSON_TRY(surroundings.resctrl->Join(child.host_pid()));
    if (entry.by_itself) return Ok();
    CAISSON_TRY(target.AddProcess(child.host_pid(), entry.v2_join));
    CAISSON_TRACE(exec_joined, StrCat("pid ", child.host_pid()));
    if (const int err = process::SetAffinity(child.host_pid(), affinity.final); err != 0)
      return process::ExplainAffinity("final", err);
    return Ok();
  };
  return launch::LaunchExec(plan, work, notify, Deadline::After(kExecLimit));
}

Status CheckRuns(const ExecOptions& options, const Opened& opened) {
  CAISSON_ASSIGN(const ContainerStatus status, StatusOf(opened));
  switch (status) {
    case ContainerStatus::kRunning:
    case ContainerStatus::kCreated: return Ok();
    case ContainerStatus::kPaused:
      if (options.ignore_paused) return Ok();
      return Error(Code::kWrongState,
                   StrCat("cannot exec in a paused container \"", options.id, "\""))
          .Hint("resume it, or use --ignore-paused");
    default:
      return Error(Code::kWrongState,
                   StrCat("cannot exec in a stopped container \"", options.id, "\""));
  }
}

// Takes the container's own process out of `config`, which is not needed for anything else.
Result<spec::Process> ProcessOf(const ExecOptions& options, spec::Config& config) {
  CAISSON_ASSIGN(spec::Process process, options.make_process(std::move(config.process)));
  if (!process.console_size) process.console_size = options.console.size;
  CAISSON_TRY(spec::ValidateProcess(process));
  return process;
}

}  // namespace

Result<Pidfd> Exec(const Context& context, const ExecOptions& options) {
  CAISSON_ASSIGN(const Opened opened, OpenContainer(context, options.id, Access::kRead));
  CAISSON_TRY(CheckRuns(options, opened));
  CAISSON_ASSIGN(spec::Config config, ConfigOf(opened));
  CAISSON_ASSIGN(const spec::Process asked, ProcessOf(options, config));
  CAISSON_ASSIGN(const Pidfd init, OpenInit(opened.record));
  CAISSON_ASSIGN(const cgroup::Manager container, CgroupOf(opened.record));
  CAISSON_ASSIGN(cgroup::Manager target, TargetCgroup(options, container));
  UniqueFd console_socket;
  launch::ExecRequest request;
  request.process.process = &asked;
  request.process.linux = &config.linux;
  request.process.seccomp_cache = StrCat(context.root, ".cache");
  request.process.plain_line_ends = options.console.plain_line_ends;
  CAISSON_ASSIGN(request.process.set_groups, SetGroupsOf(opened.record));
  request.id = options.id;
  request.init_pidfd = init.fd().get();
  request.join_flags = JoinFlags(opened.record);
  CAISSON_ASSIGN(request.descriptors,
                 MakeDescriptors(options.stdio, options.console, asked.terminal,
                                 options.preserve_fds, options.extra_fds, console_socket));
  CAISSON_ASSIGN(const auto plan, launch::LaunchPlan::ForExec(request));
  for (const std::string& warning : plan->warnings())
    Log(LogLevel::kWarning, warning, {{"id", options.id}});

  Surroundings surroundings;
  CAISSON_ASSIGN(surroundings.affinity, process::PlanExecAffinity(asked));
  CAISSON_ASSIGN(surroundings.resctrl, ResctrlOf(config, options.id));
  const auto notify = SeccompNotifier(
      config.linux, init, state::OciStateJson(opened.record, ContainerStatus::kRunning));
  // The debug lines hold runc's words: its users' scripts wait for them.
  Log(LogLevel::kDebug, "nsexec container setup", {{"id", options.id}});
  auto launched = LaunchInto(*plan, surroundings, target, notify);
  // On v2 a container that manages cgroups of its own has moved its init below its cgroup, which
  // then takes no processes: the new one goes where init is, as in runc.
  if (!launched && launched.error().sys_errno() == EBUSY && options.sub_cgroups.empty()) {
    CAISSON_ASSIGN(target, container.WhereIs(init.host_pid()));
    launched = LaunchInto(*plan, surroundings, target, notify);
  }
  if (!launched) return std::move(launched).error();
  const Pidfd& child = launched->child.child();
  Log(LogLevel::kDebug,
      StrCat("child process in init(): pid ", child.host_pid(), "; setns_init: about to exec"),
      {{"id", options.id}});
  CAISSON_TRY(WritePidFile(options.pid_file, child.host_pid()));
  CAISSON_TRY(SendPidfd(options.pidfd_socket, child));
  if (launched->console.valid()) *options.console.master = std::move(launched->console);
  return launched->child.Disarm();
}

}  // namespace caisson::container
