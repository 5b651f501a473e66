// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/image/store.h"
#include "agent/keeper_client/keepers.h"
#include "agent/pods/backoff.h"
#include "agent/store/store.h"
#include "network/pod_network/pod_network.h"

namespace caisson::pods {

struct PodsConfig {
  std::string run_dir = "/run/caisson";
  std::string data_dir = "/var/lib/caisson";
  std::string log_dir = "/var/log/pods";
  std::string keeper_program;  // absolute
  std::string cgroup_root = "/sys/fs/cgroup";
  std::string cgroup_parent = "/caisson";  // pods are <parent>/pod<UID>, keepers <parent>/keepers
  std::string node_name;
  std::vector<std::string> host_ips;
  std::vector<std::string> cluster_dns;
  std::string cluster_domain = "cluster.local";
  std::string host_root = "/";  // where hostPath starts; "/host" when the agent is in a container
  std::int64_t pids_limit = 0;  // per container; 0: none
  int workers = 8;              // pods that are worked on at the same time
  BackoffRule restart_backoff;
  BackoffRule image_backoff;
  keeper_client::LogRotation log_rotation;
};

// What others want to know of pods as it happens. Called on worker threads; must not block long.
// Each may be empty.
struct Hooks {
  // A container has ended and its cgroup is about to be removed: the last look at its counters.
  struct EndedContainer {
    const pod_spec::ObjectMeta& pod;
    const std::string& name;
    const std::string& image;
    const std::string& container_id;
    std::string cgroup;  // below the root of each hierarchy
    bool oom_killed = false;
    std::int64_t started_at_ns = 0;
  };
  std::function<void(const EndedContainer&)> container_ended;
  // The pod runs for the first time; since this agent learned of it.
  std::function<void(std::chrono::duration<double>)> pod_started;
  // A piece of work is done: "create_sandbox", "start_container", "remove_pod".
  std::function<void(std::string_view operation, std::chrono::duration<double>, bool ok)> operation;
  std::function<void()> container_restarted;
};

// What all pods of this node share. The references outlive every pod's worker. Thread-safe.
struct Node {
  const PodsConfig config;
  store::Store& store;
  image::Store& images;
  network::PodNetwork& network;
  std::unique_ptr<keeper_client::Keepers> keepers;  // set once, before any worker
  Hooks hooks;
  bool unified_cgroups = false;
  std::int32_t lowest_oom_score_adj = -1000;
  std::int64_t cpu_milli = 0;
  std::int64_t memory_bytes = 0;
};

// Does `work` (which returns a Status) and tells how long it took.
template <class Work>
Status Measured(const Node& node, std::string_view operation, const Work& work) {
  const auto begin = std::chrono::steady_clock::now();
  Status done = work();
  if (node.hooks.operation)
    node.hooks.operation(operation, std::chrono::steady_clock::now() - begin, done.has_value());
  return done;
}

// Reads this host's capacity and privileges.
void ReadNodeFacts(Node& node);

// Where one pod's things are.
struct PodPaths {
  PodPaths(const PodsConfig& config, const std::string& uid)
      : run(StrCat(config.run_dir, "/pods/", uid)),
        data(StrCat(config.data_dir, "/pods/", uid)),
        cgroup(StrCat(config.cgroup_parent, "/pod", uid)) {}
  std::string ContainerDir(const std::string& container_id) const {
    return StrCat(run, "/containers/", container_id);
  }
  std::string run;     // socket, state, bundles, files; gone with the boot
  std::string data;    // exit records, volumes
  std::string cgroup;  // below the root of each hierarchy
};

// <log_dir>/NAMESPACE_NAME_UID, as everywhere in Kubernetes.
std::string LogDirOf(const PodsConfig& config, const pod_spec::ObjectMeta& meta);

}  // namespace caisson::pods
