// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "runtime/cgroup/record.h"
#include "runtime/cgroup/stats.h"

namespace caisson::metrics {

enum class Level { kPod, kContainer };

// Something with a cgroup, and what its series are called. Plain data.
struct Target {
  Level level = Level::kContainer;
  std::string id;         // cgroup path as cAdvisor's `id`: "/caisson/pods/<uid>/<container id>"
  std::string name;       // the runtime's container id; empty for a pod
  std::string image;      // empty for a pod
  std::string container;  // empty for a pod
  std::string pod;
  std::string ns;
  cgroup::Record record;          // without directories: only its network is read
  std::string net_dev_path;       // pods: "/proc/PID/net/dev" of its network namespace, or empty
  std::int64_t start_time_s = 0;  // since the epoch; 0: not started
};

// Asked on every scrape, from any thread: what is there now.
using TargetSource = std::function<std::vector<Target>()>;

// One network interface's counters since it was made.
struct NetworkDevice {
  std::string name;
  std::uint64_t receive_bytes = 0, receive_packets = 0, receive_errors = 0, receive_dropped = 0;
  std::uint64_t transmit_bytes = 0, transmit_packets = 0, transmit_errors = 0, transmit_dropped = 0;
  friend bool operator==(const NetworkDevice&, const NetworkDevice&) = default;
};

// Pure: the text of /proc/PID/net/dev, without "lo". Lines that it cannot read are skipped.
// Source: proc_pid_net(5), /proc/net/dev.
std::vector<NetworkDevice> ParseNetDev(std::string_view text);

// What a target's files said at one moment.
struct Reading {
  Target target;
  cgroup::Stats stats;
  std::vector<NetworkDevice> network;
  std::int64_t time_ms = 0;  // since the epoch
};

}  // namespace caisson::metrics
