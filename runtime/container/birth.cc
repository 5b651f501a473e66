// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/birth.h"

#include <stdlib.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/base/socket.h"
#include "runtime/base/trace.h"
#include "runtime/container/bundle.h"
#include "runtime/container/cgroup_owner.h"
#include "runtime/container/destroy.h"
#include "runtime/container/handover.h"
#include "runtime/container/host_root.h"
#include "runtime/container/net_devices.h"
#include "runtime/container/notify_socket.h"
#include "runtime/container/opened.h"
#include "runtime/container/poststart.h"
#include "runtime/process/hooks.h"
#include "runtime/security/lsm.h"
#include "runtime/spec/annotations.h"

namespace caisson::container {
namespace {

// Nothing in a creation takes longer but hooks, which have limits of their own, or none.
constexpr std::chrono::minutes kCreateLimit{2};
constexpr std::chrono::seconds kUndoLimit{5};

bool IsRootless(const Context& context, uid_t caller) {
  if (context.rootless == Rootless::kAuto) return caller != 0;
  return context.rootless == Rootless::kYes;
}

std::vector<rootfs::CgroupSource> CgroupSources(const cgroup::Layout& layout,
                                                const cgroup::Record& record) {
  std::vector<rootfs::CgroupSource> sources;
  for (const cgroup::Directory& directory : record.directories) {
    for (const cgroup::Hierarchy& hierarchy : layout.hierarchies) {
      if (hierarchy.version != directory.version || hierarchy.controllers != directory.controllers)
        continue;
      sources.push_back({.v2 = directory.version == cgroup::Version::kV2,
                         .controllers = directory.controllers,
                         .mount = hierarchy.mount,
                         .own = directory.path});
    }
  }
  return sources;
}

void LogWarnings(const std::string& id, const std::vector<std::string>& warnings) {
  for (const std::string& warning : warnings) Log(LogLevel::kWarning, warning, {{"id", id}});
}

// The pid that a process has in the innermost pid namespace that it is in.
Result<pid_t> PidInside(pid_t host_pid) {
  const std::string path = StrCat("/proc/", host_pid, "/status");
  CAISSON_ASSIGN(const std::string status, ReadFile(path));
  constexpr std::string_view kKey = "\nNSpid:";
  const auto at = status.find(kKey);
  if (at == std::string::npos) return host_pid;
  std::string_view line = std::string_view(status).substr(at + kKey.size());
  line = Trim(line.substr(0, line.find('\n')));
  return ParseInt<pid_t>(line.substr(line.find_last_of("\t ") + 1)).value_or(host_pid);
}

}  // namespace

Result<std::unique_ptr<Birth>> Birth::Begin(const Context& context, const CreateOptions& options) {
  CAISSON_ASSIGN(LoadedConfig loaded, LoadConfig(options));
  LogWarnings(options.id, loaded.warnings);
  CAISSON_ASSIGN(state::Directory directory, state::Directory::Create(context.root, options.id));
  CAISSON_TRACE(create_1, options.id);
  std::unique_ptr<Birth> birth(new Birth(context, options, std::move(directory)));
  birth->config_ = std::move(loaded.config);
  if (auto& process = birth->config_.process; process && !process->console_size)
    process->console_size = options.console.size;
  if (!options.notify_socket.empty())
    CAISSON_TRY(
        AddNotifySocket(birth->directory_, StrCat(context.root, "/", options.id), birth->config_));
  CAISSON_TRY(birth->FillRecord(loaded.json));
  CAISSON_TRACE(create_2, options.id);
  return birth;
}

Birth::~Birth() {
  if (finished_) return;
  launched_.reset();  // kills and reaps init first
  interfaces_home_.Run();
  const PoststopHooks hooks = hooks_ran_ ? PoststopHooks::kRun : PoststopHooks::kSkip;
  record_.init_pid = 0;
  // A cgroup that was refused because others are in it is not ours to empty.
  if (!has_cgroup_) record_.cgroup.clear();
  const Status undone = Destroy(std::move(directory_), record_, hooks, Deadline::After(kUndoLimit));
  // The first error is the one that counts, so this one can only be told here.
  if (!undone) Log(LogLevel::kWarning, undone.error().ToString(), {{"id", options_.id}});
}

Status Birth::FillRecord(std::string_view config_json) {
  record_.id = options_.id;
  record_.oci_version = config_.oci_version;
  record_.bundle = options_.bundle;
  if (config_.root) record_.rootfs = RootfsPath(options_.bundle, config_.root->path);
  record_.created = state::CreatedNow();
  record_.owner_uid = static_cast<uid_t>(::getauxval(AT_EUID));  // geteuid(2) without the call
  record_.annotations = config_.annotations;
  record_.namespaces = config_.linux.namespaces;
  record_.poststop = config_.hooks.poststop;
  record_.rootless = IsRootless(context_, record_.owner_uid);
  CAISSON_ASSIGN(record_.boot_id, state::ReadBootId());
  if (config_.linux.FindNamespace(spec::NamespaceType::kMount) == nullptr) {
    CAISSON_ASSIGN(record_.mount_below_root, MountIdAt(record_.rootfs), "root.path");
  }
  if (context_.cgroup_driver != CgroupDriver::kDisabled) {
    CAISSON_ASSIGN(layout_, cgroup::Layout::Detect());
    CAISSON_TRACE(cgroup_detect, cgroup::NameOf(layout_.mode));
    const cgroup::Request request = {.container_id = options_.id,
                                     .cgroups_path = config_.linux.cgroups_path,
                                     .driver = context_.cgroup_driver == CgroupDriver::kSystemd
                                                   ? cgroup::Driver::kSystemd
                                                   : cgroup::Driver::kCgroupfs,
                                     .rootless = record_.rootless,
                                     .annotations = &config_.annotations};
    CAISSON_ASSIGN(cgroup_, cgroup::Manager::Plan(layout_, request));
    // Before the record says that the cgroup is this container's, and so to be emptied with it.
    CAISSON_TRY(cgroup_->CheckFree());
    cgroup_->ForeseeParents();
    record_.cgroup = cgroup::Encode(cgroup_->record());
  }
  // Written before anything is made, so that delete finds whatever a crash leaves.
  CAISSON_TRY(directory_.WriteRecord(record_));
  return directory_.WriteConfig(config_json);
}

Status Birth::MakeResctrlGroup() {
  if (!config_.linux.intel_rdt) return Ok();
  CAISSON_ASSIGN(std::string root, Resctrl::FindRoot());
  CAISSON_ASSIGN(resctrl_, Resctrl::Plan(*config_.linux.intel_rdt, options_.id, std::move(root)));
  record_.resctrl_groups = resctrl_->Owned();
  if (!record_.resctrl_groups.empty()) CAISSON_TRY(directory_.WriteRecord(record_));
  return resctrl_->Make();
}

Status Birth::MakeCgroup() {
  if (!cgroup_) return Ok();
  CAISSON_TRY(cgroup_->Create());
  has_cgroup_ = true;
  // How many parents were made is known now; rootless, whether there is a cgroup at all.
  if (std::string made = cgroup::Encode(cgroup_->record()); made != record_.cgroup) {
    record_.cgroup = std::move(made);
    CAISSON_TRY(directory_.WriteRecord(record_));
  }
  CAISSON_TRACE(cgroup_create, cgroup_->record().path);
  return Ok();
}

Status Birth::PlanLaunch(Gate gate) {
  const bool terminal = config_.process && config_.process->terminal;
  CAISSON_ASSIGN(launch::Descriptors descriptors,
                 MakeDescriptors(options_.stdio, options_.console, terminal, options_.preserve_fds,
                                 options_.extra_fds, console_socket_));
  if (gate == Gate::kSocket) {
    // By descriptor: the path of --root may be longer than a socket's name can be.
    CAISSON_ASSIGN(gate_,
                   ListenUnix(StrCat(FdPath(directory_.fd()), "/", state::Directory::kStartGate),
                              SocketType::kSeqpacket));
    descriptors.gate = gate_.get();
  }
  descriptors.lock = directory_.fd().get();
  launch::InitRequest request;
  request.config = &config_;
  request.id = options_.id;
  request.bundle = options_.bundle;
  request.descriptors = std::move(descriptors);
  request.new_keyring = !options_.no_new_keyring;
  request.privileged = !record_.rootless;
  request.works_while_placed = context_.cgroup_driver != CgroupDriver::kSystemd;
  // Create takes a configuration without process; start does not.
  if (!config_.process) placeholder_ = {.args = {"/"}, .cwd = "/"};
  request.process.process = config_.process ? &*config_.process : &placeholder_;
  request.process.linux = &config_.linux;
  if (spec::KeepsOriginalGroups(config_.annotations))
    request.process.set_groups = process::SetGroups::kKept;
  request.process.extras.env = PassedEnvironment(options_);
  request.process.seccomp_cache = StrCat(context_.root, ".cache");
  request.process.plain_line_ends = options_.console.plain_line_ends;
  rootfs::RootfsContext& files = request.rootfs;
  files.bundle = options_.bundle;
  files.no_pivot = options_.no_pivot;
  files.selinux = !config_.linux.mount_label.empty() && security::DetectLsm().selinux;
  if (cgroup_) files.cgroups = CgroupSources(layout_, cgroup_->record());
  files.cgroups_made_later = context_.cgroup_driver == CgroupDriver::kSystemd;
  if (options_.root_mount_fd >= 0)
    files.root_tree = UniqueFd(::fcntl(options_.root_mount_fd, F_DUPFD_CLOEXEC, 3));
  for (const auto& [index, fd] : options_.mount_source_fds)
    files.mount_trees[index] = UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 3));
  CAISSON_ASSIGN(plan_, launch::LaunchPlan::ForInit(std::move(request)));
  LogWarnings(options_.id, plan_->warnings());
  CAISSON_TRACE(create_3, options_.id);
  return Ok();
}

bool Birth::HasHooks() const {
  const spec::Hooks& hooks = config_.hooks;
  return !hooks.prestart.empty() || !hooks.create_runtime.empty() ||
         !hooks.create_container.empty();
}

// Init exists and waits. Its pid is written down before it is told to go on: a creator that dies
// before that leaves an init that ends by itself.
Status Birth::Place(const Pidfd& init) {
  record_.init_pid = init.host_pid();
  Log(LogLevel::kDebug, StrCat("child process in init(): pid ", init.host_pid()),
      {{"id", options_.id}});
  CAISSON_ASSIGN(record_.init_start_time, ReadStartTime(init.host_pid()));
  // Hooks may ask for the state and want the pid in it; else one rename at the end will do, and an
  // init without a creator ends by itself.
  if (HasHooks()) CAISSON_TRY(directory_.WriteRecord(record_));
  record_.phase = state::Phase::kCreated;
  CAISSON_TRY(directory_.WriteDraft(record_));
  CAISSON_TRY(SetChildHookState(init));
  CAISSON_TRY(MoveInterfaces(init));
  if (resctrl_) CAISSON_TRY(resctrl_->Join(init.host_pid()));
  return cgroup_ ? EnterCgroup(init) : Ok();
}

// Limits before the process comes under them: it works meanwhile, and a device rule half written
// would refuse its mknod. Only a scope of systemd is born with its process.
Status Birth::EnterCgroup(const Pidfd& process) {
  const auto apply = [&]() -> Status {
    std::vector<std::string> warnings;
    CAISSON_TRY(cgroup_->Apply(config_.linux.resources, cgroup::ApplyFor::kCreate, &warnings));
    LogWarnings(options_.id, warnings);
    CAISSON_TRACE(cgroup_limits, cgroup_->record().path);
    return Ok();
  };
  const bool is_scope = context_.cgroup_driver == CgroupDriver::kSystemd;
  if (!is_scope) CAISSON_TRY(apply());
  if (!entry_.by_itself) {
    CAISSON_TRY(cgroup_->AddProcess(process.host_pid(), entry_.v2_join));
    CAISSON_TRACE(cgroup_join, cgroup_->record().path);
  }
  if (is_scope) CAISSON_TRY(apply());
  CAISSON_TRACE(create_5, cgroup_->record().path);
  const auto owner = CgroupOwner(config_);
  // An ordinary user can give nothing away; what is made is theirs already.
  if (owner && *owner != record_.owner_uid && !record_.rootless)
    CAISSON_TRY(cgroup_->Delegate(*owner));
  return Ok();
}

// For hooks that run inside, the pid is the one that is seen there.
// Source: runtime-spec runtime.md, state, "pid"; proc_pid_status(5), NSpid.
Status Birth::SetChildHookState(const Pidfd& init) {
  const spec::Hooks& hooks = config_.hooks;
  if (hooks.create_container.empty() && hooks.start_container.empty()) return Ok();
  hooks_ran_ = true;  // they are about to
  state::Record inside = record_;
  const auto* const pids = config_.linux.FindNamespace(spec::NamespaceType::kPid);
  if (pids != nullptr) {
    CAISSON_ASSIGN(inside.init_pid, PidInside(init.host_pid()));
  }
  return plan_->SetHookState(state::OciStateJson(inside, ContainerStatus::kCreating),
                             state::OciStateJson(inside, ContainerStatus::kCreated));
}

Status Birth::MoveInterfaces(const Pidfd& init) {
  if (config_.linux.net_devices.empty()) return Ok();
  const auto* const joined = config_.linux.FindNamespace(spec::NamespaceType::kNetwork);
  // One that is joined is joined later than now.
  const std::string path = joined != nullptr && !joined->path.empty()
                               ? joined->path
                               : StrCat("/proc/", init.host_pid(), "/ns/net");
  CAISSON_ASSIGN(const UniqueFd netns, OpenAt(kCwd, path, O_RDONLY), "linux.netDevices");
  return MoveNetDevices(config_.linux.net_devices, netns, interfaces_home_);
}

// Source: runtime-spec config.md: both kinds run in the runtime's namespaces, prestart first.
Status Birth::RunHooks(const Pidfd&) {
  hooks_ran_ = true;
  // Prestart hooks are from before there was "creating", and are written for "created".
  CAISSON_TRY(process::RunHooks("prestart", config_.hooks.prestart,
                                StateJson(ContainerStatus::kCreated), options_.bundle));
  return process::RunHooks("createRuntime", config_.hooks.create_runtime,
                           StateJson(ContainerStatus::kCreating), options_.bundle);
}

// A scope of systemd has to be made around init, and from another user namespace it may neither be
// cloned into its cgroup nor join it.
Status Birth::PlanJoin(launch::ParentWork& work) {
  if (!cgroup_ || plan_->namespaces().needs_stage1 || !cgroup_->has_cgroup() ||
      context_.cgroup_driver == CgroupDriver::kSystemd)
    return Ok();
  CAISSON_ASSIGN(entry_, PlanCgroupEntry(*cgroup_, OwnHand::kAllowed, *plan_, work));
  return Ok();
}

Status Birth::MakeInit(Gate gate) {
  CAISSON_TRY(MakeCgroup());
  CAISSON_TRY(MakeResctrlGroup());
  CAISSON_TRY(PlanLaunch(gate));
  launch::ParentWork work;
  work.place = [this](const Pidfd& init) { return Place(init); };
  work.run_hooks = [this](const Pidfd& init) { return RunHooks(init); };
  CAISSON_TRY(PlanJoin(work));
  const Deadline deadline = HasHooks() ? Deadline::Never() : Deadline::After(kCreateLimit);
  // These debug lines hold runc's words: its users' scripts wait for them.
  Log(LogLevel::kDebug, "nsexec container setup", {{"id", options_.id}});
  CAISSON_ASSIGN(launched_, launch::LaunchInit(*plan_, work, deadline));
  Log(LogLevel::kDebug, "init: closing the pipe to signal completion", {{"id", options_.id}});
  CAISSON_TRY(directory_.PublishDraft());
  const Pidfd& init = launched_->child.child();
  CAISSON_TRY(WritePidFile(options_.pid_file, init.host_pid()));
  CAISSON_TRY(SendPidfd(options_.pidfd_socket, init));
  if (launched_->console.valid()) *options_.console.master = std::move(launched_->console);
  return Ok();
}

Status Birth::Start() {
  CAISSON_TRACE(start_1, options_.id);  // it is at hand
  CAISSON_TRACE(start_2, options_.id);
  const auto notify = SeccompNotifier(config_.linux, launched_->child.child(),
                                      StateJson(ContainerStatus::kCreated));
  if (!options_.notify_socket.empty()) {
    CAISSON_ASSIGN(notify_relay_, NotifyRelay::Bind(directory_, options_.notify_socket));
  }
  CAISSON_TRY(launch::Release(*plan_, *launched_, notify));
  hooks_ran_ = true;
  return RunPoststartHooks(config_, record_);
}

Created Birth::Finish() {
  finished_ = true;
  interfaces_home_.Disarm();
  directory_.Unlock();
  Created created(launched_->child.Disarm(),
                  std::make_unique<Opened>(Opened{std::move(directory_), std::move(record_)}));
  if (notify_relay_) created.notify = std::make_unique<NotifyRelay>(*std::move(notify_relay_));
  return created;
}

std::string Birth::StateJson(ContainerStatus status) const {
  return state::OciStateJson(record_, status);
}

}  // namespace caisson::container
