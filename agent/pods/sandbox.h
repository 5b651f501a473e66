// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "agent/bundle/bundle.h"
#include "agent/keeper_client/keeper.h"
#include "agent/pod_spec/pod.h"
#include "agent/pods/node.h"
#include "agent/volume/volume.h"
#include "runtime/base/error.h"

namespace caisson::pods {

// What a pod has around its containers: keeper, network, files, volumes. Every step can be done
// again, and taking down goes by what is there, not by what the pod's spec says now.
// Thread-compatible: one owner at a time.
class Sandbox {
 public:
  Sandbox(Node& node, const pod_spec::Pod& pod);

  // Nothing of this pod has been made by anybody yet.
  void BeginAnew() { left_over_ = false; }

  // Makes it whole. On failure everything is taken down again.
  Status SetUp(const pod_spec::Pod& pod);

  enum class Found {
    kNothing,  // no keeper was there
    kKeeper,   // its keeper is connected, and the rest is in place
    kDead,     // its keeper is gone; what it left has been cleared away
  };
  // Takes over what an earlier agent left of this pod.
  Result<Found> Adopt(const pod_spec::Pod& pod);

  // Ends all containers, the keeper and the network. What a finished pod keeps stays: logs, exit
  // records, volumes. What is not there is success.
  Status Stop();
  // Stop, and removes the rest.
  Status Remove();

  // The keeper's connection has ended by itself.
  void LoseKeeper() {
    keeper_.reset();
    up_ = false;
  }

  // Whether there may be something to stop.
  bool left_over() const { return left_over_; }
  bool up() const { return up_; }
  keeper_client::Keeper& keeper() const { return *keeper_; }
  bool has_keeper() const { return keeper_ != nullptr; }
  const bundle::PodFacts& facts() const { return facts_; }
  const std::vector<std::string>& pod_ips() const { return facts_.pod_ips; }
  const PodPaths& paths() const { return paths_; }

  bundle::FilePaths FilesOf(const pod_spec::Pod& pod, const std::string& container_id) const;
  // By the volumes' names; all of them are handed over as trees.
  std::map<std::string, bundle::VolumeSource> VolumeSources(const pod_spec::Pod& pod) const;
  Result<UniqueFd> OpenVolume(const std::string& name, const std::string& sub_path) const;

 private:
  Status MakeDirectories(const pod_spec::Pod& pod) const;
  Status StartKeeper(const pod_spec::Pod& pod);
  Status JoinNetwork(const pod_spec::Pod& pod);
  Status WriteFiles(const pod_spec::Pod& pod);
  Status PrepareVolumes(const pod_spec::Pod& pod);
  Status StopKeeper();
  // Without a keeper: kills what is in the pod's cgroup and removes it.
  Status ClearCgroup() const;
  Status RemoveContainerRemains() const;

  Node& node_;
  const std::string uid_;
  const PodPaths paths_;
  const std::string log_dir_;
  bool up_ = false;
  bool left_over_ = true;  // something may be there that Stop has to take down
  std::shared_ptr<keeper_client::Keeper> keeper_;
  bundle::PodFacts facts_;
  std::optional<volume::PodVolumes> volumes_;
  std::map<std::string, volume::Source> volume_sources_;
};

}  // namespace caisson::pods
