// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/spec/id_mapping.h"

namespace caisson::spec {

// The `linux.resources` object, also what `update -r` reads. An absent value is "leave as it is".
// Source: runtime-spec 1.3, config-linux.md, control groups.

struct DeviceRule {
  bool allow = false;
  char type = 'a';                    // 'a' all, 'b' block, 'c' character
  std::optional<std::int64_t> major;  // absent or -1: any
  std::optional<std::int64_t> minor;
  std::string access;  // letters of "rwm"; empty: all of them
};

// Bytes; -1 is unlimited.
struct MemoryResources {
  std::optional<std::int64_t> limit;
  std::optional<std::int64_t> reservation;
  std::optional<std::int64_t> swap;  // memory + swap, as in cgroup v1
  std::optional<std::int64_t> kernel;
  std::optional<std::int64_t> kernel_tcp;
  std::optional<std::uint64_t> swappiness;  // 0..100
  std::optional<bool> disable_oom_killer;
  std::optional<bool> use_hierarchy;
  std::optional<bool> check_before_update;
};

struct CpuResources {
  std::optional<std::uint64_t> shares;
  std::optional<std::int64_t> quota_us;
  std::optional<std::uint64_t> burst_us;
  std::optional<std::uint64_t> period_us;
  std::optional<std::int64_t> realtime_runtime_us;
  std::optional<std::uint64_t> realtime_period_us;
  std::string cpus;  // "0-3,7"; empty when not given
  std::string mems;
  std::optional<std::int64_t> idle;
};

struct PidsResources {
  // -1 is unlimited. 0 is a limit since 1.3.0; before, it was what writers left unset, and engines
  // still write it for "unlimited": ParseConfig makes it -1 there.
  std::optional<std::int64_t> limit;
};

struct WeightDevice {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::optional<std::uint16_t> weight;
  std::optional<std::uint16_t> leaf_weight;
};

struct ThrottleDevice {
  std::int64_t major = 0;
  std::int64_t minor = 0;
  std::uint64_t rate = 0;  // bytes or operations a second
};

struct BlockIoResources {
  std::optional<std::uint16_t> weight;  // 10..1000
  std::optional<std::uint16_t> leaf_weight;
  std::vector<WeightDevice> weight_device;
  std::vector<ThrottleDevice> throttle_read_bps_device;
  std::vector<ThrottleDevice> throttle_write_bps_device;
  std::vector<ThrottleDevice> throttle_read_iops_device;
  std::vector<ThrottleDevice> throttle_write_iops_device;
};

struct HugepageLimit {
  std::string page_size;  // "2MB"
  std::uint64_t limit_bytes = 0;
};

struct NetworkPriority {
  std::string name;
  std::uint32_t priority = 0;
};

struct NetworkResources {
  std::optional<std::uint32_t> class_id;
  std::vector<NetworkPriority> priorities;
};

struct RdmaLimit {
  std::optional<std::uint32_t> hca_handles;
  std::optional<std::uint32_t> hca_objects;
};

struct Resources {
  std::vector<DeviceRule> devices;
  std::optional<MemoryResources> memory;
  std::optional<CpuResources> cpu;
  std::optional<PidsResources> pids;
  std::optional<BlockIoResources> block_io;
  std::vector<HugepageLimit> hugepage_limits;
  std::optional<NetworkResources> network;
  std::map<std::string, RdmaLimit, std::less<>> rdma;  // by device name
  StringMap unified;                                   // cgroup v2 file -> value
};

}  // namespace caisson::spec
