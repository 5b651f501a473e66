// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "agent/bundle/user.h"
#include "agent/pod_spec/pod.h"
#include "runtime/base/error.h"
#include "runtime/spec/config.h"

namespace caisson::bundle {

// What the image says about its process. Source: OCI image-spec, config.md.
struct ImageDefaults {
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::vector<std::string> env;  // "NAME=value"
  std::string working_dir;
  std::string user;  // "name", "uid", "uid:gid", "name:group"; empty: root
};

// What is known of the pod and its node when a container is made.
struct PodFacts {
  std::vector<std::string> pod_ips;  // the first is podIP; empty with the host's network
  std::vector<std::string> host_ips;
  std::string hostname;
  std::string pod_cgroup;         // below the root of each hierarchy
  bool cgroup_namespace = false;  // give the container one of its own
  bool shared_processes = false;  // the keeper puts containers into the pod's pid namespace
  std::int32_t lowest_oom_score_adj = -1000;  // what this agent may set
  std::int64_t node_cpu_milli = 0;
  std::int64_t node_memory_bytes = 0;
  std::int64_t pids_limit = 0;  // 0: none
};

// A volume of the pod as a host path, or as a detached tree that the caller holds.
struct VolumeSource {
  std::string path;        // shown in errors; used when there is no tree
  bool has_tree = false;   // the mount's source is handed over as a descriptor
  bool read_only = false;  // whatever the container asks
};

// Host paths of the files that every container of a pod shares, and of its own termination log.
// All of them must be visible to the keeper.
struct FilePaths {
  std::string hosts;
  std::string hostname;
  std::string resolv_conf;
  std::string shm;              // empty: none (the host's ipc namespace)
  std::string termination_log;  // empty: none
};

// Values of a ConfigMap (or Secret, decoded) of the pod's namespace; nothing when there is none.
using DataLookup = std::function<std::optional<std::map<std::string, std::string>>(
    pod_spec::EnvFromSource::Kind kind, const std::string& name)>;

struct BundleRequest {
  const pod_spec::Pod& pod;
  const pod_spec::Container& container;
  std::string container_id;
  ImageDefaults image;
  PodFacts facts;
  FilePaths files;
  std::map<std::string, VolumeSource> volumes;  // by name
  ImageUser user;                               // what UserToResolve led to in the image
  DataLookup lookup;
  // Text of the profile that the container names, for seccompProfile type Localhost.
  std::string localhost_seccomp;
};

// A mount whose source the caller hands over as a tree: of volume `name`, and below it `sub_path`.
struct TreeMount {
  std::size_t mount_index = 0;
  std::string volume;
  std::string sub_path;
  bool read_only = false;
};

struct Bundle {
  spec::Config config;
  std::vector<TreeMount> trees;
};

// A container of a pod as the OCI configuration that makes it. Pure: touches nothing on the host.
// The pod's network, ipc and uts namespaces are not in it: the keeper lives in them, and what a
// configuration does not list a container shares with its runtime.
// Errors: kInvalidSpec, with the reason as Kubernetes words it: a missing ConfigMap key, a user
// that the image does not know, runAsNonRoot for root.
Result<Bundle> MakeBundle(const BundleRequest& request);

}  // namespace caisson::bundle
