// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::cgroup {

// The read side: what a cgroup's files say, in one vocabulary for v1 and v2. Plain data.

using Count = std::optional<std::uint64_t>;  // absent: this kernel or hierarchy does not tell

// "unlimited" in a limit, whatever the version writes for it.
inline constexpr std::uint64_t kUnlimited = UINT64_MAX;

struct CpuStats {
  Count usage_ns, user_ns, system_ns;
  Count periods, throttled_periods, throttled_ns, bursts, burst_ns;
  Count shares, period_us, quota_us;  // shares from the weight on v2; quota may be kUnlimited
  // v1 only, one for each CPU.
  std::vector<std::uint64_t> per_cpu_ns, per_cpu_user_ns, per_cpu_system_ns;
};

// Bytes unless it says otherwise. Limits may be kUnlimited.
struct MemoryStats {
  Count usage, peak, limit, failures;  // failures: times the limit was hit
  Count reservation;
  Count swap_usage, swap_limit;                                // swap alone on v2; on v1 see memsw
  Count memsw_usage, memsw_peak, memsw_limit, memsw_failures;  // v1: memory plus swap
  Count kernel_usage, kernel_peak, kernel_limit, kernel_failures;
  Count tcp_usage, tcp_peak, tcp_limit, tcp_failures;
  Count rss, cache, mapped_file, inactive_file, active_file;  // with cgroups below
  Count page_faults, major_page_faults;
  Count oom_kills, oom_group_kills;  // processes and groups killed
  Count oom_events;                  // v2: times this level or one below could not get more
  Count events_high, events_max;     // v2
  std::vector<std::pair<std::string, std::uint64_t>> raw;  // memory.stat as it is; kRawMemory only

  // What cannot be reclaimed easily: usage without inactive file pages, never below 0.
  Count WorkingSet() const;
};

struct PidsStats {
  Count current, limit, peak;
};

struct IoDevice {
  std::uint32_t major = 0, minor = 0;
  std::uint64_t read_bytes = 0, write_bytes = 0, reads = 0, writes = 0;
  friend bool operator==(const IoDevice&, const IoDevice&) = default;
};

struct HugetlbStats {
  std::string page_size;  // "2MB"
  Count usage, peak, failures;
};

struct RdmaStats {
  std::string device;
  Count handles, objects, handles_limit, objects_limit;
};

// Source: kernel psi.rst. Times in microseconds, averages in percent.
struct PressureLine {
  double avg10 = 0, avg60 = 0, avg300 = 0;
  std::uint64_t total_us = 0;
};
struct Pressure {
  PressureLine some, full;
};

struct Stats {
  CpuStats cpu;
  MemoryStats memory;
  PidsStats pids;
  std::vector<IoDevice> io;
  std::vector<HugetlbStats> hugetlb;
  std::vector<RdmaStats> rdma;
  std::optional<Pressure> cpu_pressure, memory_pressure, io_pressure;
  Count processes;  // entries of cgroup.procs, this directory only
  std::string cpus, cpus_effective, mems, mems_effective;  // lists; kCpuset only
  // v1's switches by their names without "cpuset."; kCpuset only.
  std::vector<std::pair<std::string, std::int64_t>> cpuset_switches;
};

// What to read; each costs one to six reads.
enum StatsGroup : unsigned {
  kCpu = 1u << 0,
  kMemory = 1u << 1,        // usage and memory.stat
  kMemoryEvents = 1u << 2,  // with kMemory: peak, failures, OOM
  kPids = 1u << 3,
  kIo = 1u << 4,
  kPressure = 1u << 5,
  kLimits = 1u << 6,      // of CPU and memory, where those are read
  kMoreLimits = 1u << 7,  // reservation, swap, processes
  kProcesses = 1u << 8,
  kHugetlb = 1u << 9,
  kRdma = 1u << 10,
  kPerCpu = 1u << 11,
  kKernelMemory = 1u << 12,
  kRawMemory = 1u << 13,
  kCpuset = 1u << 14,
  kAllGroups = (1u << 15) - 1,
};

// Pure parsers; each takes a whole file's text, skips what it does not know and never fails: a
// value that is no number is absent.
void ParseMemoryStatV1(std::string_view text, MemoryStats& memory);
void ParseMemoryStatV2(std::string_view text, MemoryStats& memory);
std::vector<std::pair<std::string, std::uint64_t>> ParseKeys(std::string_view text);
std::vector<IoDevice> ParseIoStat(std::string_view text);  // v2 io.stat
// v1 blkio.throttle.io_service_bytes_recursive and blkio.throttle.io_serviced_recursive
std::vector<IoDevice> ParseBlkio(std::string_view service_bytes, std::string_view serviced);
std::optional<Pressure> ParsePressure(std::string_view text);
// rdma.current and rdma.max
std::vector<RdmaStats> ParseRdma(std::string_view current, std::string_view max);
// "0-2,5" to its members; nothing when malformed or over `max`. Source: cpuset(7), List format.
std::optional<std::vector<std::uint32_t>> ParseCpuList(std::string_view text,
                                                       std::uint32_t max = 8191);
// The value in "key value" lines, as in cpu.stat and memory.events.
Count FindKey(std::string_view text, std::string_view key);
// A number alone; "max" is kUnlimited, and so is what v1 shows for no limit.
Count ParseLimit(std::string_view text);

}  // namespace caisson::cgroup
