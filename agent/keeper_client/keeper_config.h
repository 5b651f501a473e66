// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "runtime/base/error.h"

namespace caisson::keeper_client {

// How a container's log files are cut.
// Units: bytes.
struct LogRotation {
  std::uint64_t max_bytes = std::uint64_t{10} << 20;  // a file reaching it is put aside; 0: never
  std::uint32_t max_files = 5;                        // the current one included
};

// What a keeper is born with: keeper.json in the pod's run directory. Everything that it needs to
// outlive the agent is in here.
struct KeeperConfig {
  std::string pod_uid;
  std::string pod_namespace;
  std::string pod_name;
  std::string run_dir;        // this pod's: socket, log, bundles; on this boot only
  std::string data_dir;       // this pod's: exit records; outlives the boot
  std::string state_root;     // where the runtime keeps the state of this pod's containers
  std::string cgroup_root;    // the cgroup mount: /sys/fs/cgroup
  std::string pod_cgroup;     // below the root of each hierarchy: /caisson/podUID
  std::string pod_resources;  // of the pod's cgroup: linux.resources as JSON; empty: none
  std::string hostname;
  bool host_network = false;
  bool host_ipc = false;
  bool share_process_namespace = false;
  std::map<std::string, std::string> sysctls;  // of the pod's namespaces
  LogRotation log_rotation;
};

std::string ToJson(const KeeperConfig& config);

// Errors: kInvalidSpec, naming the member.
Result<KeeperConfig> ParseKeeperConfig(std::string_view json);

// Names inside a pod's run directory.
inline constexpr std::string_view kConfigName = "keeper.json";
inline constexpr std::string_view kSocketName = "keeper.sock";
inline constexpr std::string_view kLogName = "keeper.log";
// Folder of exit records inside a pod's data directory, one file a container: ID.json.
inline constexpr std::string_view kExitsName = "exits";

// A tmpfs of the pod's own, as its keeper sees it: the source of every container's /dev/shm.
inline constexpr char kShmPath[] = "/shm";

// The descriptor by which the program takes requests for new keepers.
inline constexpr int kRequestsFd = 3;

}  // namespace caisson::keeper_client
