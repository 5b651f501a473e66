// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/orphans.h"

#include <dirent.h>
#include <sys/stat.h>

#include <vector>

#include "agent/pods/pod_manager.h"
#include "agent/pods/sandbox.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"
#include "runtime/base/socket.h"
#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/manager.h"

namespace caisson::pods {
namespace {

constexpr std::chrono::seconds kKillLimit{10};

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

std::set<std::string> UidsUnder(const PodsConfig& config) {
  std::set<std::string> uids;
  for (const std::string& base : {config.run_dir, config.data_dir}) {
    for (const std::string& uid : NamesIn(StrCat(base, "/pods"))) uids.insert(uid);
  }
  return uids;
}

// The pod as far as an orphan's directories tell it.
pod_spec::Pod Remnant(const PodsConfig& config, const std::string& uid) {
  pod_spec::Pod pod;
  pod.metadata.uid = uid;
  const auto text = ReadFile(StrCat(PodPaths(config, uid).run, "/", keeper_client::kConfigName));
  const auto keeper = text ? keeper_client::ParseKeeperConfig(*text)
                           : Result<keeper_client::KeeperConfig>(text.error());
  if (keeper) {
    pod.metadata.name = keeper->pod_name;
    pod.metadata.namespace_ = keeper->pod_namespace;
    return pod;
  }
  // Without it the log folder still says NAMESPACE_NAME_UID.
  for (const std::string& folder : NamesIn(config.log_dir)) {
    const auto parts = Split(folder, '_');
    if (parts.size() != 3 || parts[2] != uid) continue;
    pod.metadata.namespace_ = parts[0];
    pod.metadata.name = parts[1];
  }
  return pod;
}

void Warn(const Status& status, const std::string& uid) {
  if (!status) Log(LogLevel::kWarning, status.error().ToString(), {{"pod", uid}});
}

Status RemoveCgroup(const PodsConfig& config, const std::string& path) {
  CAISSON_ASSIGN(const cgroup::Layout layout, cgroup::Layout::Detect(config.cgroup_root));
  CAISSON_ASSIGN(const cgroup::Manager manager,
                 cgroup::Manager::Plan(layout, {.cgroups_path = path}));
  CAISSON_TRY(manager.KillAll(Deadline::After(kKillLimit)));
  return manager.Remove(Deadline::After(kKillLimit));
}

}  // namespace

void ClearOrphans(Node& node, const std::set<std::string>& wanted) {
  for (const std::string& uid : UidsUnder(node.config)) {
    if (wanted.contains(uid)) continue;
    Log(LogLevel::kInfo, "removing what is left of a pod that is wanted no more", {{"pod", uid}});
    Warn(Sandbox(node, Remnant(node.config, uid)).Remove(), uid);
  }
}

Status RemoveEverything(const PodsConfig& config) {
  // Killing the cgroup takes keepers and containers alike; namespaces go with their processes.
  CAISSON_TRY(RemoveCgroup(config, config.cgroup_parent), "cgroups");
  for (const std::string& uid : UidsUnder(config)) {
    const pod_spec::Pod pod = Remnant(config, uid);
    if (!pod.metadata.name.empty()) CAISSON_TRY(RemoveTree(kCwd, LogDirOf(config, pod.metadata)));
    const PodPaths paths(config, uid);
    CAISSON_ASSIGN(
        volume::PodVolumes volumes,
        volume::PodVolumes::Open(
            {.data = config.data_dir, .run = config.run_dir, .host_root = config.host_root}, uid));
    CAISSON_TRY(volumes.RemoveAll(), "volumes of pod ", uid);
    CAISSON_TRY(RemoveTree(kCwd, paths.run));
    CAISSON_TRY(RemoveTree(kCwd, paths.data));
  }
  return Ok();
}

}  // namespace caisson::pods
