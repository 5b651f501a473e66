// SPDX-License-Identifier: Apache-2.0
#include "metrics/names.h"

#include <array>

namespace caisson::metrics {
namespace {

using cgroup::Count;
using cgroup::Stats;
using Answer = std::optional<Value>;

Answer Plain(Count count) {
  if (!count) return {};
  return Value{*count, 0};
}
Answer Nanoseconds(Count count) {
  if (!count) return {};
  return Value{*count, 9};
}
// Unlimited is shown as 0, as cAdvisor does.
Answer Limit(Count count) {
  if (!count) return {};
  return Value{*count == cgroup::kUnlimited ? 0 : *count, 0};
}
bool HasQuota(const Stats& stats) {
  return stats.cpu.quota_us && *stats.cpu.quota_us != cgroup::kUnlimited;
}
Answer Pressed(const std::optional<cgroup::Pressure>& pressure,
               cgroup::PressureLine cgroup::Pressure::*line) {
  if (!pressure) return {};
  return Value{((*pressure).*line).total_us, 6};
}

constexpr Type kCounter = Type::kCounter;
constexpr Type kGauge = Type::kGauge;

// clang-format off
constexpr Family kFamilies[] = {
  // CPU. cfs_* only where there is a quota: elsewhere they are always 0.
  {"container_cpu_usage_seconds_total", kCounter, kCpuSeries, true,
   "CPU time used.", "cpu.stat usage_usec", "cpuacct.usage", "cpu=\"total\"",
   [](const Stats& s) { return Nanoseconds(s.cpu.usage_ns); }},
  {"container_cpu_user_seconds_total", kCounter, kCpuSeries, false,
   "CPU time used in user mode.", "cpu.stat user_usec", "cpuacct.usage_user", "",
   [](const Stats& s) { return Nanoseconds(s.cpu.user_ns); }},
  {"container_cpu_system_seconds_total", kCounter, kCpuSeries, false,
   "CPU time used in the kernel.", "cpu.stat system_usec", "cpuacct.usage_sys", "",
   [](const Stats& s) { return Nanoseconds(s.cpu.system_ns); }},
  {"container_cpu_cfs_periods_total", kCounter, kCpuSeries, false,
   "Periods in which the CPU quota was in force.", "cpu.stat nr_periods", "cpu.stat nr_periods", "",
   [](const Stats& s) { return HasQuota(s) ? Plain(s.cpu.periods) : Answer(); }},
  {"container_cpu_cfs_throttled_periods_total", kCounter, kCpuSeries, false,
   "Periods in which the CPU quota was used up.", "cpu.stat nr_throttled",
   "cpu.stat nr_throttled", "",
   [](const Stats& s) { return HasQuota(s) ? Plain(s.cpu.throttled_periods) : Answer(); }},
  {"container_cpu_cfs_throttled_seconds_total", kCounter, kCpuSeries, false,
   "Time spent waiting because the CPU quota was used up.", "cpu.stat throttled_usec",
   "cpu.stat throttled_time", "",
   [](const Stats& s) { return HasQuota(s) ? Nanoseconds(s.cpu.throttled_ns) : Answer(); }},
  {"container_cpu_cfs_burst_periods_total", kCounter, kDetailSeries, false,
   "Periods in which saved-up CPU quota was used.", "cpu.stat nr_bursts", "cpu.stat nr_bursts", "",
   [](const Stats& s) { return s.cpu.bursts.value_or(0) != 0 ? Plain(s.cpu.bursts) : Answer(); }},
  {"container_cpu_cfs_burst_seconds_total", kCounter, kDetailSeries, false,
   "CPU time above the quota, from what was saved up.", "cpu.stat burst_usec",
   "cpu.stat burst_time", "",
   [](const Stats& s) {
     return s.cpu.bursts.value_or(0) != 0 ? Nanoseconds(s.cpu.burst_ns) : Answer();
   }},

  {"container_memory_usage_bytes", kGauge, kMemorySeries, true,
   "Memory charged, page cache included.", "memory.current", "memory.usage_in_bytes", "",
   [](const Stats& s) { return Plain(s.memory.usage); }},
  {"container_memory_working_set_bytes", kGauge, kMemorySeries, true,
   "Memory that cannot be reclaimed easily: usage without inactive page cache.",
   "memory.current - memory.stat inactive_file", "memory.usage_in_bytes - total_inactive_file", "",
   [](const Stats& s) { return Plain(s.memory.WorkingSet()); }},
  {"container_memory_rss", kGauge, kMemorySeries, true,
   "Anonymous memory in bytes.", "memory.stat anon", "memory.stat total_rss", "",
   [](const Stats& s) { return Plain(s.memory.rss); }},
  {"container_memory_cache", kGauge, kMemorySeries, true,
   "Page cache in bytes.", "memory.stat file", "memory.stat total_cache", "",
   [](const Stats& s) { return Plain(s.memory.cache); }},
  {"container_memory_swap", kGauge, kMemorySeries, false,
   "Swap used in bytes.", "memory.swap.current", "memory.stat total_swap", "",
   [](const Stats& s) { return Plain(s.memory.swap_usage); }},
  {"container_memory_max_usage_bytes", kGauge, kMemorySeries, false,
   "Most memory that was charged at once.", "memory.peak", "memory.max_usage_in_bytes", "",
   [](const Stats& s) { return Plain(s.memory.peak); }},
  {"container_memory_failcnt", kCounter, kMemorySeries, false,
   "Times the memory limit was hit.", "memory.events max", "memory.failcnt", "",
   [](const Stats& s) { return Plain(s.memory.failures); }},
  {"container_oom_events_total", kCounter, kMemorySeries, false,
   "Processes that the OOM killer took.", "memory.events oom_kill", "memory.oom_control oom_kill",
   "", [](const Stats& s) { return Plain(s.memory.oom_kills); }},

  {"container_memory_mapped_file", kGauge, kDetailSeries, false,
   "Mapped page cache in bytes.", "memory.stat file_mapped", "memory.stat total_mapped_file", "",
   [](const Stats& s) { return Plain(s.memory.mapped_file); }},
  {"container_memory_total_active_file_bytes", kGauge, kDetailSeries, false,
   "Page cache in active use.", "memory.stat active_file", "memory.stat total_active_file", "",
   [](const Stats& s) { return Plain(s.memory.active_file); }},
  {"container_memory_total_inactive_file_bytes", kGauge, kDetailSeries, false,
   "Page cache that is reclaimed first.", "memory.stat inactive_file",
   "memory.stat total_inactive_file", "",
   [](const Stats& s) { return Plain(s.memory.inactive_file); }},
  {"container_memory_kernel_usage", kGauge, kDetailSeries, false,
   "Kernel memory in bytes.", "memory.stat kernel", "memory.kmem.usage_in_bytes", "",
   [](const Stats& s) { return Plain(s.memory.kernel_usage); }},
  {"container_memory_failures_total", kCounter, kDetailSeries, false,
   "Page faults.", "memory.stat pgfault", "memory.stat total_pgfault",
   "failure_type=\"pgfault\",scope=\"hierarchy\"",
   [](const Stats& s) { return Plain(s.memory.page_faults); }},
  {"container_memory_failures_total", kCounter, kDetailSeries, false,
   "Page faults.", "memory.stat pgmajfault", "memory.stat total_pgmajfault",
   "failure_type=\"pgmajfault\",scope=\"hierarchy\"",
   [](const Stats& s) { return Plain(s.memory.major_page_faults); }},
  {"container_memory_events_high_total", kCounter, kDetailSeries, false,
   "Times memory.high was exceeded.", "memory.events high", "-", "",
   [](const Stats& s) { return Plain(s.memory.events_high); }},
  {"container_memory_events_max_total", kCounter, kDetailSeries, false,
   "Times memory.max was about to be exceeded.", "memory.events max", "-", "",
   [](const Stats& s) { return Plain(s.memory.events_max); }},

  {"container_processes", kGauge, kProcessSeries, true,
   "Processes.", "cgroup.procs", "cgroup.procs", "",
   [](const Stats& s) { return Plain(s.processes); }},
  {"container_threads", kGauge, kProcessSeries, false,
   "Threads.", "pids.current", "pids.current", "",
   [](const Stats& s) { return Plain(s.pids.current); }},
  {"container_threads_max", kGauge, kDetailSeries, false,
   "Most threads allowed.", "pids.max", "pids.max", "",
   [](const Stats& s) {
     return s.pids.limit && *s.pids.limit != cgroup::kUnlimited ? Plain(s.pids.limit) : Answer();
   }},

  {"container_spec_cpu_shares", kGauge, kSpecSeries, false,
   "CPU shares, 1024 being the default.", "cpu.weight", "cpu.shares", "",
   [](const Stats& s) { return Plain(s.cpu.shares); }},
  {"container_spec_cpu_period", kGauge, kSpecSeries, false,
   "Period of the CPU quota in microseconds.", "cpu.max", "cpu.cfs_period_us", "",
   [](const Stats& s) { return HasQuota(s) ? Plain(s.cpu.period_us) : Answer(); }},
  {"container_spec_cpu_quota", kGauge, kSpecSeries, false,
   "CPU quota for each period in microseconds.", "cpu.max", "cpu.cfs_quota_us", "",
   [](const Stats& s) { return HasQuota(s) ? Plain(s.cpu.quota_us) : Answer(); }},
  {"container_spec_memory_limit_bytes", kGauge, kSpecSeries, false,
   "Memory limit, 0 when there is none.", "memory.max", "memory.limit_in_bytes", "",
   [](const Stats& s) { return Limit(s.memory.limit); }},
  {"container_spec_memory_swap_limit_bytes", kGauge, kDetailSeries, false,
   "Swap limit (v1: of memory and swap together), 0 when there is none.", "memory.swap.max",
   "memory.memsw.limit_in_bytes", "",
   [](const Stats& s) {
     return Limit(s.memory.memsw_limit ? s.memory.memsw_limit : s.memory.swap_limit);
   }},
  {"container_spec_memory_reservation_limit_bytes", kGauge, kDetailSeries, false,
   "Memory that is kept from reclaim, 0 when there is none.", "memory.low",
   "memory.soft_limit_in_bytes", "",
   [](const Stats& s) { return Limit(s.memory.reservation); }},

  {"container_pressure_cpu_waiting_seconds_total", kCounter, kPressureSeries, false,
   "Time in which some process waited for a CPU.", "cpu.pressure some", "-", "",
   [](const Stats& s) { return Pressed(s.cpu_pressure, &cgroup::Pressure::some); }},
  {"container_pressure_cpu_stalled_seconds_total", kCounter, kPressureSeries, false,
   "Time in which all processes waited for a CPU.", "cpu.pressure full", "-", "",
   [](const Stats& s) { return Pressed(s.cpu_pressure, &cgroup::Pressure::full); }},
  {"container_pressure_memory_waiting_seconds_total", kCounter, kPressureSeries, false,
   "Time in which some process waited for memory.", "memory.pressure some", "-", "",
   [](const Stats& s) { return Pressed(s.memory_pressure, &cgroup::Pressure::some); }},
  {"container_pressure_memory_stalled_seconds_total", kCounter, kPressureSeries, false,
   "Time in which all processes waited for memory.", "memory.pressure full", "-", "",
   [](const Stats& s) { return Pressed(s.memory_pressure, &cgroup::Pressure::full); }},
  {"container_pressure_io_waiting_seconds_total", kCounter, kPressureSeries, false,
   "Time in which some process waited for a disk.", "io.pressure some", "-", "",
   [](const Stats& s) { return Pressed(s.io_pressure, &cgroup::Pressure::some); }},
  {"container_pressure_io_stalled_seconds_total", kCounter, kPressureSeries, false,
   "Time in which all processes waited for a disk.", "io.pressure full", "-", "",
   [](const Stats& s) { return Pressed(s.io_pressure, &cgroup::Pressure::full); }},
};

constexpr DiskFamily kDisk[] = {
  {"container_fs_reads_bytes_total", "Bytes read from the disk.", &cgroup::IoDevice::read_bytes},
  {"container_fs_writes_bytes_total", "Bytes written to the disk.",
   &cgroup::IoDevice::write_bytes},
  {"container_fs_reads_total", "Reads from the disk.", &cgroup::IoDevice::reads},
  {"container_fs_writes_total", "Writes to the disk.", &cgroup::IoDevice::writes},
};

constexpr NetworkFamily kNetwork[] = {
  {"container_network_receive_bytes_total", "Bytes received.", &NetworkDevice::receive_bytes},
  {"container_network_receive_packets_total", "Packets received.",
   &NetworkDevice::receive_packets},
  {"container_network_receive_packets_dropped_total", "Packets dropped while receiving.",
   &NetworkDevice::receive_dropped},
  {"container_network_receive_errors_total", "Errors while receiving.",
   &NetworkDevice::receive_errors},
  {"container_network_transmit_bytes_total", "Bytes sent.", &NetworkDevice::transmit_bytes},
  {"container_network_transmit_packets_total", "Packets sent.", &NetworkDevice::transmit_packets},
  {"container_network_transmit_packets_dropped_total", "Packets dropped while sending.",
   &NetworkDevice::transmit_dropped},
  {"container_network_transmit_errors_total", "Errors while sending.",
   &NetworkDevice::transmit_errors},
};
// clang-format on

}  // namespace

std::optional<SeriesGroup> SeriesGroupNamed(std::string_view name) {
  constexpr std::pair<std::string_view, SeriesGroup> kGroups[] = {
      {"cpu", kCpuSeries},         {"memory", kMemorySeries}, {"disk", kDiskSeries},
      {"process", kProcessSeries}, {"spec", kSpecSeries},     {"pressure", kPressureSeries},
      {"detail", kDetailSeries}};
  for (const auto& [known, group] : kGroups) {
    if (known == name) return group;
  }
  return std::nullopt;
}

std::span<const Family> ContainerFamilies() { return kFamilies; }
std::span<const DiskFamily> DiskFamilies() { return kDisk; }
std::span<const NetworkFamily> NetworkFamilies() { return kNetwork; }

}  // namespace caisson::metrics
