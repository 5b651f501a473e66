// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/cgroup/record.h"

namespace caisson::cgroup {

using Count = std::optional<std::uint64_t>;  // absent: this kernel or hierarchy does not tell

// "unlimited" in a limit file, whatever the version writes for it.
inline constexpr std::uint64_t kUnlimited = UINT64_MAX;

struct CpuStats {
  Count usage_ns, user_ns, system_ns;
  Count periods, throttled_periods, throttled_ns, bursts, burst_ns;
  Count shares, weight, period_us, quota_us;  // quota kUnlimited when there is none
  std::vector<std::uint64_t> per_cpu_ns;      // v1 only
};

// Bytes unless it says otherwise.
struct MemoryStats {
  Count usage, peak, limit, swap_usage, swap_limit, reservation;
  Count kernel_usage, kernel_limit, kernel_peak, kernel_failures;
  Count kernel_tcp_usage, kernel_tcp_limit, kernel_tcp_peak, kernel_tcp_failures;
  Count failures;  // times the limit was hit
  Count swap_peak, swap_failures;
  Count rss, cache, mapped_file, inactive_file, active_file;
  Count page_faults, major_page_faults;
  Count oom_kills, oom_events, events_high, events_max, oom_group_kills;
  std::vector<std::pair<std::string, std::uint64_t>> raw;  // memory.stat as it is

  // What cannot be reclaimed easily: usage without inactive file pages, never below 0.
  Count WorkingSet() const;
};

struct PidsStats {
  Count current, limit, peak;
};

struct IoDevice {
  std::uint32_t major = 0, minor = 0;
  std::uint64_t read_bytes = 0, write_bytes = 0, reads = 0, writes = 0;
};

struct HugetlbStats {
  std::string page_size;  // "2MB"
  Count usage, peak, failures;
};

struct RdmaStats {
  std::string device;
  Count handles, handles_limit, objects, objects_limit;
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
};

// What to read: each bit costs one to six preads.
enum StatsGroup : unsigned {
  kCpu = 1, kMemory = 2, kPids = 4, kIo = 8, kHugetlb = 16, kPressure = 32, kLimits = 64,
  kProcesses = 128, kRdma = 256, kPerCpu = 512, kKernelMemory = 1024,
  kAllGroups = 2047,
};

// Reads the same cgroup over and over: each file is opened when first needed and kept, then costs
// one pread. A cgroup that is removed meanwhile gives kNotFound.
// Thread-compatible: one owner at a time.
class StatsReader {
 public:
  // Errors: kNotFound when the cgroup is gone.
  static Result<StatsReader> Open(const Record& record);

  Result<Stats> Read(unsigned groups = kAllGroups);

 private:
  // How a file of one version is understood.
  struct Source;
  struct OpenFile {
    UniqueFd fd;
    bool missing = false;
  };
  struct Dir {
    Version version;
    std::string controllers;
    UniqueFd fd;
    std::vector<std::pair<std::string, OpenFile>> files;
  };

  std::vector<Dir> dirs_;
  std::string buffer_;
};

// Pure parsers; each takes a whole file's text, ignores what it does not know and never fails: a
// value that is no number is absent.
void ParseMemoryStat(std::string_view text, Version version, MemoryStats* memory);
std::vector<IoDevice> ParseIoStat(std::string_view text);  // v2 io.stat
std::optional<Pressure> ParsePressure(std::string_view text);
// "key value" lines, as in cpu.stat and memory.events.
Count FindKey(std::string_view text, std::string_view key);
// A number, or "max" as kUnlimited.
Count ParseLimit(std::string_view text);

}  // namespace caisson::cgroup
