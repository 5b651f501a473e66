// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/sandbox.h"

#include <dirent.h>
#include <unistd.h>

#include <array>

#include "agent/bundle/resources.h"
#include "agent/pods/pod_network_request.h"
#include "agent/pods/volume_sources.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/manager.h"
#include "runtime/spec/config.h"

namespace caisson::pods {
namespace {

constexpr std::chrono::seconds kKeeperLimit{30};
constexpr std::chrono::seconds kStopLimit{15};
constexpr std::chrono::seconds kKillLimit{10};

bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// For a socket file without a keeper behind it, and none at all.
bool MeansNobodyListens(const Error& error) {
  return error.code() == Code::kNotFound || error.sys_errno() == ECONNREFUSED;
}

// Names in a directory; none when it is not there.
std::vector<std::string> NamesIn(const std::string& path) {
  std::vector<std::string> names;
  DIR* const dir = ::opendir(path.c_str());
  if (dir == nullptr) return names;
  while (const dirent* const entry = ::readdir(dir)) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  ::closedir(dir);
  return names;
}

Status WriteFile(const std::string& folder, const std::string& name, const std::string& text) {
  CAISSON_ASSIGN(const UniqueFd dir, OpenAt(kCwd, folder, O_PATH | O_DIRECTORY));
  return AtomicWriteAt(dir, name, text, 0644, Durability::kThisBoot);
}

}  // namespace

Sandbox::Sandbox(Node& node, const pod_spec::Pod& pod)
    : node_(node),
      uid_(pod.metadata.uid),
      paths_(node.config, uid_),
      log_dir_(LogDirOf(node.config, pod.metadata)) {
  facts_.host_ips = node.config.host_ips;
  facts_.pod_cgroup = paths_.cgroup;
  facts_.cgroup_namespace = node.unified_cgroups;
  facts_.shared_processes = pod.spec.share_process_namespace && !pod.spec.host_pid;
  facts_.lowest_oom_score_adj = node.lowest_oom_score_adj;
  facts_.node_cpu_milli = node.cpu_milli;
  facts_.node_memory_bytes = node.memory_bytes;
  facts_.pids_limit = node.config.pids_limit;
}

Status Sandbox::SetUp(const pod_spec::Pod& pod) {
  // What could not be taken down when the last keeper was lost.
  if (left_over_) CAISSON_TRY(Stop(), "take down what was there before");
  left_over_ = true;
  const auto steps = [&]() -> Status {
    CAISSON_TRY(MakeDirectories(pod));
    CAISSON_TRY(StartKeeper(pod), "keeper");
    CAISSON_TRY(JoinNetwork(pod), "pod network");
    CAISSON_TRY(WriteFiles(pod), "pod files");
    return PrepareVolumes(pod);
  };
  Status done = steps();
  if (done) {
    up_ = true;
    return done;
  }
  (void)Stop();  // the first error is the one that counts; deleting the pod takes it down again
  return done;
}

Status Sandbox::MakeDirectories(const pod_spec::Pod&) const {
  CAISSON_TRY(MakeDirs(StrCat(paths_.run, "/containers"), 0700));
  CAISSON_TRY(MakeDirs(paths_.data, 0700));
  return MakeDirs(log_dir_, 0755);
}

Status Sandbox::StartKeeper(const pod_spec::Pod& pod) {
  CAISSON_ASSIGN(const network::PodFiles files, PodFilesOf(node_, pod, {}));
  facts_.hostname = files.hostname;
  keeper_client::KeeperConfig config;
  config.pod_uid = uid_;
  config.pod_namespace = pod.metadata.namespace_;
  config.pod_name = pod.metadata.name;
  config.run_dir = paths_.run;
  config.data_dir = paths_.data;
  config.state_root = StrCat(paths_.run, "/state");
  config.cgroup_root = node_.config.cgroup_root;
  config.pod_cgroup = paths_.cgroup;
  config.pod_resources = spec::ToJson(bundle::PodResources(pod.spec));
  config.hostname = facts_.hostname;
  config.host_network = pod.spec.host_network;
  config.host_ipc = pod.spec.host_ipc;
  config.share_process_namespace = facts_.shared_processes;
  for (const pod_spec::Sysctl& sysctl : pod.spec.security_context.sysctls)
    config.sysctls[sysctl.name] = sysctl.value;
  config.log_rotation = node_.config.log_rotation;
  CAISSON_ASSIGN(keeper_, node_.keepers->Spawn(config, Deadline::After(kKeeperLimit)));
  return Ok();
}

Status Sandbox::JoinNetwork(const pod_spec::Pod& pod) {
  facts_.pod_ips.clear();
  if (pod.spec.host_network) return Ok();
  CAISSON_ASSIGN(const auto ports, PortMappingsOf(pod.spec));
  CAISSON_ASSIGN(
      const network::Attachment attachment,
      node_.network.Attach({.pod_uid = uid_,
                            .netns = keeper_->netns(),
                            .label = StrCat(pod.metadata.namespace_, "/", pod.metadata.name),
                            .ports = ports}));
  for (const network::Cidr& address : attachment.addresses)
    facts_.pod_ips.push_back(address.address().ToString());
  return Ok();
}

Status Sandbox::WriteFiles(const pod_spec::Pod& pod) {
  CAISSON_ASSIGN(const network::PodFiles files, PodFilesOf(node_, pod, facts_.pod_ips));
  facts_.hostname = files.hostname;
  CAISSON_TRY(WriteFile(paths_.run, "hosts", files.hosts));
  CAISSON_TRY(WriteFile(paths_.run, "hostname", files.hostname_file));
  return WriteFile(paths_.run, "resolv.conf", files.resolv_conf);
}

Status Sandbox::PrepareVolumes(const pod_spec::Pod& pod) {
  CAISSON_ASSIGN(volumes_, volume::PodVolumes::Open({.data = node_.config.data_dir,
                                                     .run = node_.config.run_dir,
                                                     .host_root = node_.config.host_root},
                                                    uid_));
  const bundle::DataLookup lookup = LookupIn(node_.store, pod.metadata.namespace_);
  std::optional<gid_t> group;
  if (pod.spec.security_context.fs_group)
    group = static_cast<gid_t>(*pod.spec.security_context.fs_group);
  for (const pod_spec::Volume& volume : pod.spec.volumes) {
    CAISSON_ASSIGN(volume::Source source, MakeVolumeSource(pod, volume, facts_, lookup),
                   "volume \"", volume.name, "\"");
    CAISSON_TRY(volumes_->Prepare(volume.name, source, group), "volume \"", volume.name, "\"");
    volume_sources_.insert_or_assign(volume.name, std::move(source));
  }
  return Ok();
}

Result<Sandbox::Found> Sandbox::Adopt(const pod_spec::Pod& pod) {
  left_over_ = Exists(StrCat(paths_.run, "/", keeper_client::kConfigName));
  if (!left_over_) return Found::kNothing;
  // An earlier attempt may have come as far as this.
  if (!keeper_ || keeper_->gone()) {
    auto connected = node_.keepers->Connect(uid_, paths_.run, Deadline::After(kKeeperLimit));
    // A keeper that lives must not get a second one beside it, whatever is wrong with it.
    if (!connected && !MeansNobodyListens(connected.error())) return std::move(connected).error();
    if (!connected) {
      CAISSON_TRY(Stop());
      return Found::kDead;
    }
    keeper_ = std::move(*connected);
  }
  // Each of these answers what is there, and repairs what is missing.
  CAISSON_TRY(MakeDirectories(pod));
  CAISSON_TRY(JoinNetwork(pod), "pod network");
  CAISSON_TRY(WriteFiles(pod), "pod files");
  CAISSON_TRY(PrepareVolumes(pod));
  up_ = true;
  return Found::kKeeper;
}

Status Sandbox::StopKeeper() {
  bool must_die = false;
  if (!keeper_ || keeper_->gone()) {
    auto connected = node_.keepers->Connect(uid_, paths_.run, Deadline::After(kKeeperLimit));
    if (connected) {
      keeper_ = std::move(*connected);
    } else {
      must_die = !MeansNobodyListens(connected.error());
    }
  }
  if (keeper_ && !keeper_->gone()) {
    Status stopped = keeper_->StopPod(Deadline::After(kStopLimit));
    if (stopped) {
      keeper_.reset();
      return Ok();
    }
    // An answer says what stands in the way, and is worth another try.
    must_die = keeper_->silent();
    if (!must_die && !keeper_->gone())
      return Wrapped(std::move(stopped).error(), "stop the keeper");
  }
  if (must_die) CAISSON_TRY(node_.keepers->Kill(paths_.run), "kill a keeper that does not answer");
  keeper_.reset();
  return ClearCgroup();
}

Status Sandbox::ClearCgroup() const {
  CAISSON_ASSIGN(const cgroup::Layout layout, cgroup::Layout::Detect(node_.config.cgroup_root));
  CAISSON_ASSIGN(const cgroup::Manager manager,
                 cgroup::Manager::Plan(layout, {.cgroups_path = paths_.cgroup}));
  CAISSON_TRY(manager.KillAll(Deadline::After(kKillLimit)));
  return manager.Remove(Deadline::After(kKillLimit));
}

Status Sandbox::RemoveContainerRemains() const {
  if (!Exists(paths_.run)) return Ok();
  for (const std::string& id : NamesIn(StrCat(paths_.run, "/containers")))
    CAISSON_TRY(node_.images.RemoveSnapshot(id));
  CAISSON_ASSIGN(const UniqueFd dir, OpenAt(kCwd, paths_.run, O_PATH | O_DIRECTORY));
  CAISSON_TRY(RemoveTree(dir, "containers"));
  return RemoveTree(dir, "state");
}

Status Sandbox::Stop() {
  up_ = false;
  if (Exists(paths_.run)) CAISSON_TRY(StopKeeper());
  CAISSON_TRY(node_.network.Detach(uid_));
  CAISSON_TRY(RemoveContainerRemains());
  volumes_.reset();
  volume_sources_.clear();
  // Without it, the next agent takes the pod for one that has no keeper.
  (void)::unlink(StrCat(paths_.run, "/", keeper_client::kConfigName).c_str());
  left_over_ = false;
  return Ok();
}

Status Sandbox::Remove() {
  CAISSON_TRY(Stop());
  CAISSON_ASSIGN(volume::PodVolumes volumes,
                 volume::PodVolumes::Open({.data = node_.config.data_dir,
                                           .run = node_.config.run_dir,
                                           .host_root = node_.config.host_root},
                                          uid_));
  CAISSON_TRY(volumes.RemoveAll());
  CAISSON_TRY(RemoveTree(kCwd, paths_.run));
  CAISSON_TRY(RemoveTree(kCwd, paths_.data));
  return RemoveTree(kCwd, log_dir_);
}

bundle::FilePaths Sandbox::FilesOf(const pod_spec::Pod& pod,
                                   const std::string& container_id) const {
  return {.hosts = StrCat(paths_.run, "/hosts"),
          .hostname = StrCat(paths_.run, "/hostname"),
          .resolv_conf = StrCat(paths_.run, "/resolv.conf"),
          .shm = pod.spec.host_ipc ? "/dev/shm" : keeper_client::kShmPath,
          .termination_log = StrCat(paths_.ContainerDir(container_id), "/termination-log")};
}

std::map<std::string, bundle::VolumeSource> Sandbox::VolumeSources(const pod_spec::Pod& pod) const {
  std::map<std::string, bundle::VolumeSource> sources;
  for (const pod_spec::Volume& volume : pod.spec.volumes) {
    bundle::VolumeSource source{.path = StrCat("/volume/", volume.name), .has_tree = true};
    const auto made = volume_sources_.find(volume.name);
    source.read_only =
        made != volume_sources_.end() && std::holds_alternative<volume::Files>(made->second);
    sources[volume.name] = std::move(source);
  }
  return sources;
}

Result<UniqueFd> Sandbox::OpenVolume(const std::string& name, const std::string& sub_path) const {
  const auto source = volume_sources_.find(name);
  if (!volumes_ || source == volume_sources_.end())
    return Error(Code::kInternal, StrCat("volume \"", name, "\" is not prepared"));
  return volumes_->OpenTree(name, source->second, sub_path);
}

}  // namespace caisson::pods
