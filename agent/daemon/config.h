// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/log.h"

namespace caisson::daemon {

// Everything that can be configured. A setting has one name: --pod-cidr on the command line,
// CAISSON_POD_CIDR in the environment, podCidr in the file. Flags win over the environment, that
// over the file, that over these defaults.
struct Config {
  std::string data_dir = "/var/lib/caisson";
  std::string run_dir = "/run/caisson";
  std::string log_dir = "/var/log/pods";
  std::string socket;  // empty: caissond.sock in run_dir
  std::vector<std::string> listen = {"127.0.0.1:10280"};
  std::string keeper;     // empty: caisson-keeper beside this program, or in ../libexec/caisson
  std::string node_name;  // empty: the host's name
  std::string node_ip;    // empty: the address that the default route goes out with
  std::string pod_cidr = "10.245.0.0/16";
  std::string pod_cidr_v6;  // empty: IPv4 only
  std::string bridge = "caisson0";
  std::uint32_t mtu = 0;  // 0: the default route's
  bool masquerade = true;
  std::string nft_table = "caisson";
  std::vector<std::string> cluster_dns;
  std::string cluster_domain = "cluster.local";
  std::string cgroup_root = "/sys/fs/cgroup";
  std::string cgroup_parent = "/caisson";
  std::string host_root = "/";
  std::int64_t pids_limit = 0;
  std::uint64_t container_log_max_bytes = std::uint64_t{10} << 20;
  std::uint32_t container_log_max_files = 5;
  std::uint32_t restart_backoff_ms = 10'000;
  std::uint32_t restart_backoff_max_ms = 300'000;
  std::uint32_t workers = 8;
  std::uint32_t max_pods = 1000;
  std::vector<std::string> metrics = {"cpu", "memory", "disk", "process", "spec"};
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;

  std::string SocketPath() const { return socket.empty() ? run_dir + "/caissond.sock" : socket; }
};

enum class Action { kRun, kPrintConfig, kCleanup, kVersion, kHelp };

struct Invocation {
  Action action = Action::kRun;
  Config config;
  int ready_fd = -1;  // gets one line when the API answers
};

// Reads command line, environment and the file that they name.
// Errors: kInvalidSpec naming the flag, the variable, or the file's key and line.
Result<Invocation> ReadInvocation(const std::vector<std::string>& arguments,
                                  const std::map<std::string, std::string>& environment);

// The configuration as a file that gives it again, with every setting explained.
std::string ToYaml(const Config& config);

std::string HelpText();

}  // namespace caisson::daemon
