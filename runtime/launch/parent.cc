// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/parent.h"

#include <signal.h>
#include <unistd.h>

#include <optional>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/socket.h"
#include "runtime/base/trace.h"
#include "runtime/launch/clone.h"
#include "runtime/launch/init_child.h"
#include "runtime/launch/self_exe.h"
#include "runtime/process/attributes.h"
#include "runtime/process/namespace_trace.h"
#include "runtime/process/rlimits.h"
#include "runtime/security/id_map.h"

namespace caisson::launch {
namespace {

using sync::Type;

// Both ends of the sync socket; the child's stands above every descriptor that it passes on.
struct SyncEnds {
  UniqueFd parent;
  UniqueFd child;
};
Result<SyncEnds> MakeSyncEnds(const InitView& view) {
  CAISSON_ASSIGN(auto pair, SeqpacketPair());
  SyncEnds ends{.parent = std::move(pair.first), .child = std::move(pair.second)};
  const int ceiling = 3 + static_cast<int>(view.preserved);
  if (ends.child.get() < ceiling)
    ends.child = UniqueFd(::fcntl(ends.child.get(), F_DUPFD_CLOEXEC, ceiling));
  if (!ends.child.valid()) return SysError("dup", "sync socket");
  return ends;
}

// It died without a word. What the kernel says of it is the best there is; who is not its parent is
// told nothing.
Error DiedSilently(const Pidfd& process, std::string_view who, std::string_view before) {
  const auto ended = process.Reap(Deadline::After(std::chrono::seconds(5)));
  if (!ended || !ended->has_value())
    return Error(Code::kSystem, StrCat(who, " ended before it ", before))
        .Hint("look at the kernel's log: out of memory, or a seccomp filter that kills");
  const ExitStatus status = **ended;
  if (status.signal == SIGKILL)
    return Error(Code::kSystem, StrCat(who, " was killed (SIGKILL) before it ", before))
        .Hint("raise linux.resources.memory.limit, if the kernel's log says that memory ran out");
  if (status.signal != 0)
    return Error(Code::kSystem,
                 StrCat(who, " was killed by signal ", status.signal, " before it ", before));
  return Error(Code::kSystem, StrCat(who, " exited with ", status.code, " before it ", before));
}

constexpr std::string_view kInit = "container init";
constexpr std::string_view kProcess = "the process";  // one that joins
constexpr std::string_view kWasReady = "was ready";
constexpr std::string_view kWasProgram = "became the program";

// The socket ends when the process becomes the program, and when it is killed on the last steps to
// that. A process loses its memory before its descriptors and so has no program to show once the
// socket has ended; only then does it take a look at what it has been.
// Source: the kernel's do_exit() and begin_new_exec().
Status CheckIsProgram(const Pidfd& process, std::string_view who) {
  char first = 0;
  const std::string program = StrCat("/proc/", process.host_pid(), "/exe");
  if (::readlink(program.c_str(), &first, 1) > 0 || errno != ENOENT) return Ok();
  const auto stat = ReadProcStat(process.host_pid());
  if (!stat || stat->executed) return Ok();  // ended by itself; reaped, nobody can tell
  return DiedSilently(process, who, kWasProgram);
}

Error CloneError(const ParentWork& work) {
  const int err = errno;
  Error error = SysError("clone3", "container init", err);
  if (err == EBUSY && work.cgroup_fd >= 0)
    return std::move(error).Hint(
        "choose a leaf for linux.cgroupsPath: a cgroup with controllers enabled for its children "
        "takes no process");
  if (err == ENOSPC || err == EUSERS)
    return std::move(error).Hint("raise user.max_user_namespaces and the other user.max_*");
  if (err == EPERM)
    return std::move(error).Hint("run as root, or with a user namespace and --rootless");
  if (err == EAGAIN)
    return std::move(error).Hint("raise pids.max of the caller's cgroup, or its RLIMIT_NPROC");
  return error;
}

// The pid comes from stage 1, as does the pidfd: init is this process's child all the same. Init
// holds the socket's other end too, so when stage 1 is killed the socket does not end; but stage 1
// ends by itself after its report, whatever came of it.
Result<Pidfd> ReceiveInit(const LaunchPlan& plan, sync::Channel& channel, ChildGuard stage1,
                          Deadline deadline) {
  CAISSON_ASSIGN(const bool ended, stage1.child().WaitEnded(deadline));
  if (!ended) return Error(Code::kSystem, "no answer from stage 1 before the deadline", ETIMEDOUT);
  auto got = channel.Receive(Deadline::After(std::chrono::milliseconds(0)));
  if (!got && got.error().sys_errno() != ETIMEDOUT) return std::move(got).error();
  if (!got || got->eof) return DiedSilently(stage1.child(), kInit, kWasReady);
  if (got->message.type == Type::kFailed) return plan.Explain(got->message);
  (void)stage1.child().Reap(deadline);
  (void)stage1.Disarm();
  return Pidfd(std::move(got->fd), got->message.value);
}

Result<Pidfd> CloneDirectly(const LaunchPlan& plan, InitView& view, const ParentWork& work) {
  std::optional<process::PidNamespaceDetour> detour;
  if (plan.namespaces().pid_detour) {
    CAISSON_ASSIGN(process::PidNamespaceDetour entered,
                   process::PidNamespaceDetour::Enter(*plan.namespaces().pid_detour));
    detour.emplace(std::move(entered));
  }
  int pidfd = -1;
  const pid_t pid = Clone3({.flags = plan.namespaces().create_flags,
                            .exit_signal = SIGCHLD,
                            .cgroup_fd = work.cgroup_fd},
                           &pidfd);
  if (pid == 0) RunInit(view);
  if (pid < 0) return CloneError(work);
  return Pidfd(UniqueFd(pidfd), pid);
}

Result<Pidfd> CloneStage1(const LaunchPlan& plan, InitView& view) {
  const process::NamespacePlan& namespaces = plan.namespaces();
  CAISSON_ASSIGN(const UniqueFd proc, OpenAt(kCwd, "/proc", O_PATH | O_DIRECTORY));
  const bool sets_time = !namespaces.time_offsets.empty();
  const bool unshares_user = sets_time && plan.makes_user_namespace();
  const std::uint64_t unshared =
      std::uint64_t{CLONE_NEWTIME} | (unshares_user ? std::uint64_t{CLONE_NEWUSER} : 0);
  const Stage1View stage1 = {
      .joins = namespaces.joins.data(),
      .join_count = namespaces.joins.size(),
      .unshare_user = unshares_user,
      .time_offsets = sets_time ? namespaces.time_offsets.c_str() : nullptr,
      .time_offsets_size = namespaces.time_offsets.size(),
      .clone_flags = namespaces.create_flags & ~unshared,
      .proc_fd = proc.get(),
      .cgroup_fd = -1,
      .in_user_namespace = view.in_user_namespace && !plan.makes_user_namespace()};
  int pidfd = -1;
  const pid_t pid = Clone3({.flags = 0, .exit_signal = SIGCHLD}, &pidfd);
  if (pid == 0) RunStage1(stage1, view);
  if (pid < 0) return SysError("clone3", "stage 1");
  return Pidfd(UniqueFd(pidfd), pid);
}

struct Cloned {
  ChildGuard child;
  sync::Channel channel;
};

Result<Cloned> Clone(const LaunchPlan& plan, const ParentWork& work, Deadline deadline) {
  InitView view = plan.view();
  CAISSON_ASSIGN(SyncEnds ends, MakeSyncEnds(view));
  view.sync_fd = ends.child.get();
  view.parent_fd = ends.parent.get();
  view.seal_fd = SealFd();
  CAISSON_TRACE(create_4, "sync");
  const bool by_stage1 = plan.namespaces().needs_stage1;
  CAISSON_ASSIGN(Pidfd pid, by_stage1 ? CloneStage1(plan, view) : CloneDirectly(plan, view, work));
  ChildGuard first(std::move(pid));
  ends.child.Reset();
  sync::Channel channel(std::move(ends.parent), sync::Sequence({Type::kPid}));
  if (!by_stage1) return Cloned{std::move(first), std::move(channel)};
  CAISSON_ASSIGN(Pidfd init, ReceiveInit(plan, channel, std::move(first), deadline));
  return Cloned{ChildGuard(std::move(init)), std::move(channel)};
}

// What only the parent can do, while the child waits: it has the privileges on the host.
Status PlaceChild(const LaunchPlan& plan, const ParentWork& work, const Pidfd& child) {
  if (plan.id_map()) {
    CAISSON_TRY(security::WriteIdMaps(*plan.id_map(), child.host_pid()));
    CAISSON_TRACE(create_6, "uid and gid");
    CAISSON_TRY(security::VerifyIdMaps(*plan.id_map(), child.host_pid()));
    CAISSON_TRACE(ns_map_verified, "uid and gid");
    const auto& rlimits = plan.process().rlimits();
    const StepFailure limited =
        process::ApplyRlimits(child.host_pid(), rlimits.data(), rlimits.size());
    if (!limited.ok()) return process::ExplainRlimit(rlimits, limited);
  }
  if (plan.oom_score_adj()) {
    const std::string file = StrCat("/proc/", child.host_pid(), "/oom_score_adj");
    const std::int32_t score = *plan.oom_score_adj();
    if (const Status written = WriteFileAt(kCwd, file, StrCat(score)); !written)
      return process::ExplainOomScoreAdj(score, written.error().sys_errno());
  }
  return work.place ? work.place(child) : Ok();
}

// A child that failed meanwhile has left its report in the socket, and one that was killed has
// ended it: that is the cause, and what the parent ran into (a process that is gone) only follows.
Error FirstCause(const LaunchPlan& plan, Launched& launched, std::string_view who, Error ours) {
  const Deadline at_once = Deadline::After(std::chrono::milliseconds(0));
  while (true) {
    const auto got = launched.channel.Receive(at_once);
    if (!got) return ours;
    if (got->eof) return DiedSilently(launched.child.child(), who, kWasReady);
    if (got->message.type == Type::kFailed) return plan.Explain(got->message);
  }
}

std::vector<Type> UntilCreated(const LaunchPlan& plan) {
  const InitView& view = plan.view();
  std::vector<Type> expected(plan.asked_maps(), Type::kMapWanted);
  if (view.runtime_hooks) expected.push_back(Type::kHooksWanted);
  if (view.terminal.wanted && view.console_socket < 0) expected.push_back(Type::kConsole);
  expected.push_back(Type::kCreated);
  return expected;
}

std::vector<Type> UntilRunning(const LaunchPlan& plan) {
  std::vector<Type> expected;
  if (plan.view().gate_fd >= 0) expected.push_back(Type::kStarting);
  if (plan.process().notifies()) expected.push_back(Type::kSeccompNotify);
  return expected;
}

}  // namespace

Result<Launched> LaunchInit(const LaunchPlan& plan, const ParentWork& work, Deadline deadline) {
  CAISSON_ASSIGN(Cloned cloned, Clone(plan, work, deadline));
  Launched launched{std::move(cloned.child), std::move(cloned.channel), UniqueFd()};
  const Pidfd& child = launched.child.child();
  CAISSON_TRACE(create_8, StrCat("pid ", child.host_pid()));
  process::NamespaceSnapshot().TraceClone(plan.namespaces().create_flags, child.host_pid());
  launched.channel.Expect(sync::Sequence(UntilCreated(plan)));
  if (!plan.id_map()) CAISSON_TRACE(create_6, "none to write");
  if (Status placed = PlaceChild(plan, work, child); !placed)
    return FirstCause(plan, launched, kInit, std::move(placed).error());
  // Who waits late and is started by this process waits once: for kStart. A child that failed
  // before it could wait has closed its end; its report lies in the socket.
  if (!plan.view().waits_late || plan.view().gate_fd >= 0)
    (void)launched.channel.Send(Type::kContinue, child.host_pid());
  while (!launched.channel.sequence().complete()) {
    CAISSON_ASSIGN(sync::Received got, launched.channel.Receive(deadline));
    if (got.eof) return DiedSilently(child, kInit, kWasReady);
    switch (got.message.type) {
      case Type::kFailed: return plan.Explain(got.message);
      case Type::kConsole: launched.console = std::move(got.fd); break;
      case Type::kMapWanted:
        CAISSON_TRY(plan.MapAsked(got.message, got.fd));
        CAISSON_TRY(launched.channel.Send(Type::kMapDone));
        break;
      case Type::kHooksWanted:
        if (work.run_hooks) CAISSON_TRY(work.run_hooks(child));
        (void)launched.channel.Send(Type::kHooksDone);  // the answer tells if it is gone
        break;
      default: break;
    }
  }
  CAISSON_TRACE(create_10, StrCat("pid ", child.host_pid()));
  return launched;
}

Status AwaitRunning(const Pidfd& init, sync::Channel& channel,
                    const std::function<Error(const sync::Message&)>& explain,
                    const NotifyFn& notify, Deadline deadline) {
  while (true) {
    CAISSON_ASSIGN(const sync::Received got, channel.Receive(deadline));
    if (got.eof && !channel.sequence().complete()) return DiedSilently(init, kInit, kWasProgram);
    if (got.eof) return CheckIsProgram(init, kInit);
    if (got.message.type == Type::kFailed) return explain(got.message);
    if (got.message.type == Type::kSeccompNotify && notify) CAISSON_TRY(notify(got.fd));
  }
}

Status Release(const LaunchPlan& plan, Launched& launched, const NotifyFn& notify) {
  launched.channel.Expect(sync::Sequence(UntilRunning(plan)));
  (void)launched.channel.Send(Type::kStart);  // one that is gone has ended the socket
  Status running = AwaitRunning(
      launched.child.child(), launched.channel,
      [&](const sync::Message& failed) { return plan.Explain(failed); }, notify, Deadline::Never());
  DropSealFd();
  return running;
}

Result<Launched> LaunchExec(const LaunchPlan& plan, const ParentWork& work, const NotifyFn& notify,
                            Deadline deadline) {
  CAISSON_ASSIGN(Cloned cloned, Clone(plan, work, deadline));
  Launched launched{std::move(cloned.child), std::move(cloned.channel), UniqueFd()};
  const Pidfd& child = launched.child.child();
  std::vector<Type> expected;
  if (plan.view().terminal.wanted && plan.view().console_socket < 0)
    expected.push_back(Type::kConsole);
  if (plan.process().notifies()) expected.push_back(Type::kSeccompNotify);
  launched.channel.Expect(sync::Sequence(std::move(expected)));
  if (Status placed = PlaceChild(plan, work, child); !placed)
    return FirstCause(plan, launched, kProcess, std::move(placed).error());
  // A child that failed before it could wait has closed its end; its report lies in the socket.
  (void)launched.channel.Send(Type::kContinue, child.host_pid());
  while (true) {
    CAISSON_ASSIGN(sync::Received got, launched.channel.Receive(deadline));
    if (got.eof && !launched.channel.sequence().complete())
      return DiedSilently(child, kProcess, kWasReady);
    if (got.eof) break;
    if (got.message.type == Type::kFailed) return plan.Explain(got.message);
    if (got.message.type == Type::kConsole) launched.console = std::move(got.fd);
    if (got.message.type == Type::kSeccompNotify && notify) CAISSON_TRY(notify(got.fd));
  }
  CAISSON_TRY(CheckIsProgram(child, kProcess));
  CAISSON_TRACE(exec_running, StrCat("pid ", child.host_pid()));
  DropSealFd();
  return launched;
}

}  // namespace caisson::launch
