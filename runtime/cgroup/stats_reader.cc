// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/stats_reader.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "runtime/base/path.h"
#include "runtime/cgroup/file_write.h"

namespace caisson::cgroup {
namespace {

Count Scaled(Count value, std::uint64_t factor) {
  if (!value) return {};
  return *value * factor;
}

// "2MB" of "hugetlb.2MB.current" and "hugetlb.2MB.usage_in_bytes".
std::vector<std::string> HugepageSizes(const std::string& path) {
  std::vector<std::string> sizes;
  const std::unique_ptr<DIR, int (*)(DIR*)> list(::opendir(path.c_str()), ::closedir);
  if (!list) return sizes;
  constexpr std::string_view kPrefix = "hugetlb.";
  while (const dirent* const entry = ::readdir(list.get())) {
    const std::string_view name = entry->d_name;
    if (name.substr(0, kPrefix.size()) != kPrefix) continue;
    const auto end = name.find('.', kPrefix.size());
    if (end == name.npos) continue;
    const auto rest = name.substr(end);
    if (rest == ".current" || rest == ".usage_in_bytes")
      sizes.emplace_back(name.substr(kPrefix.size(), end - kPrefix.size()));
  }
  std::sort(sizes.begin(), sizes.end());
  return sizes;
}

std::vector<std::uint64_t> Numbers(std::string_view text) {
  std::vector<std::uint64_t> out;
  for (const auto word : Split(Trim(text), ' ')) {
    if (const auto value = ParseInt<std::uint64_t>(word)) out.push_back(*value);
  }
  return out;
}

void ParseThrottling(std::string_view text, Version version, CpuStats& cpu) {
  const bool is_v1 = version == Version::kV1;
  cpu.periods = FindKey(text, "nr_periods");
  cpu.throttled_periods = FindKey(text, "nr_throttled");
  cpu.throttled_ns =
      is_v1 ? FindKey(text, "throttled_time") : Scaled(FindKey(text, "throttled_usec"), 1000);
  cpu.bursts = FindKey(text, "nr_bursts");
  cpu.burst_ns = is_v1 ? FindKey(text, "burst_time") : Scaled(FindKey(text, "burst_usec"), 1000);
}

}  // namespace

Result<StatsReader> StatsReader::Open(const Record& record) {
  const Directory* const main = record.Main();
  if (main == nullptr) return Error(Code::kNotFound, "the container has no cgroup of its own");
  if (::access(main->path.c_str(), F_OK) < 0)
    return SysError("access", main->path).Wrap(StrCat("cgroup \"", record.path, "\""));
  StatsReader reader;
  reader.buffer_.resize(16384);
  for (const Directory& directory : record.directories)
    reader.dirs_.push_back({directory.version, directory.controllers, directory.path, {}});
  return reader;
}

std::size_t StatsReader::descriptors() const {
  std::size_t count = 0;
  for (const Dir& dir : dirs_) {
    for (const File& file : dir.files) count += file.fd.valid() ? 1 : 0;
  }
  return count;
}

StatsReader::Dir* StatsReader::FindV1(std::string_view controller) {
  for (Dir& dir : dirs_) {
    if (dir.version == Version::kV1 && ListHas(dir.controllers, controller)) return &dir;
  }
  return nullptr;
}

StatsReader::Dir* StatsReader::V2() {
  return dirs_.back().version == Version::kV2 ? &dirs_.back() : nullptr;
}

StatsReader::Dir* StatsReader::DirOf(std::string_view v1_controller) {
  Dir* const v1 = FindV1(v1_controller);
  return v1 != nullptr ? v1 : V2();
}

std::string_view StatsReader::Text(Dir* dir, std::string_view name) {
  if (dir == nullptr) return {};
  auto file = std::find_if(dir->files.begin(), dir->files.end(),
                           [&](const File& one) { return one.name == name; });
  if (file == dir->files.end()) {
    auto fd = OpenAt(kCwd, StrCat(dir->path, "/", name), O_RDONLY);
    const int err = fd ? 0 : fd.error().sys_errno();
    if (err == ENODEV) gone_ = true;
    // Out of descriptors, say, is no reason to take the file for missing for ever.
    if (!fd && err != ENOENT && err != EACCES) return {};
    dir->files.push_back({std::string(name), fd ? std::move(*fd) : UniqueFd()});
    file = dir->files.end() - 1;
  }
  if (!file->fd.valid()) return {};
  while (true) {
    const ssize_t got =
        TEMP_FAILURE_RETRY(::pread(file->fd.get(), buffer_.data(), buffer_.size(), 0));
    if (got < 0) {
      if (errno == ENODEV) gone_ = true;
      return {};
    }
    const auto size = static_cast<std::size_t>(got);
    if (size < buffer_.size()) return {buffer_.data(), size};
    buffer_.resize(buffer_.size() * 2);
  }
}

Count StatsReader::Number(Dir* dir, std::string_view name) { return ParseLimit(Text(dir, name)); }

void StatsReader::ReadCpu(unsigned groups, CpuStats& cpu) {
  Dir* const v1 = FindV1("cpu");
  // Every v2 directory has the times, with or without the controller; and in one read.
  const std::string_view text = Text(V2(), "cpu.stat");
  cpu.usage_ns = Scaled(FindKey(text, "usage_usec"), 1000);
  cpu.user_ns = Scaled(FindKey(text, "user_usec"), 1000);
  cpu.system_ns = Scaled(FindKey(text, "system_usec"), 1000);
  if (v1 == nullptr) ParseThrottling(text, Version::kV2, cpu);
  if (!cpu.usage_ns) {
    Dir* const accounts = FindV1("cpuacct");
    cpu.usage_ns = Number(accounts, "cpuacct.usage");
    cpu.user_ns = Number(accounts, "cpuacct.usage_user");
    cpu.system_ns = Number(accounts, "cpuacct.usage_sys");
  }
  if (groups & kLimits) ReadCpuLimits(v1, cpu);
  if (groups & kPerCpu) ReadPerCpu(FindV1("cpuacct"), cpu);
  // v1 has it in a file of its own, which says nothing but zeros without a quota.
  const bool is_dull = cpu.quota_us == kUnlimited && groups != kAllGroups;
  if (v1 != nullptr && !is_dull) ParseThrottling(Text(v1, "cpu.stat"), Version::kV1, cpu);
}

void StatsReader::ReadCpuLimits(Dir* dir, CpuStats& cpu) {
  if (dir != nullptr) {
    cpu.shares = Number(dir, "cpu.shares");
    cpu.quota_us = Number(dir, "cpu.cfs_quota_us");
    cpu.period_us = Number(dir, "cpu.cfs_period_us");
    return;
  }
  const Count weight = Number(V2(), "cpu.weight");
  if (weight) cpu.shares = SharesFromWeight(*weight);
  const auto max = Split(Trim(Text(V2(), "cpu.max")), ' ');
  if (max.size() != 2) return;
  cpu.quota_us = ParseLimit(max[0]);
  cpu.period_us = ParseLimit(max[1]);
}

void StatsReader::ReadPerCpu(Dir* dir, CpuStats& cpu) {
  cpu.per_cpu_ns = Numbers(Text(dir, "cpuacct.usage_percpu"));
  cpu.per_cpu_user_ns = Numbers(Text(dir, "cpuacct.usage_percpu_user"));
  cpu.per_cpu_system_ns = Numbers(Text(dir, "cpuacct.usage_percpu_sys"));
}

void StatsReader::ReadMemory(unsigned groups, MemoryStats& memory) {
  Dir* const v1 = FindV1("memory");
  if (v1 == nullptr) {
    ReadMemoryV2(V2(), groups, memory);
    return;
  }
  ReadMemoryV1(v1, groups, memory);
  if (groups & kKernelMemory) ReadKernelMemory(v1, memory);
}

void StatsReader::ReadMemoryV1(Dir* dir, unsigned groups, MemoryStats& memory) {
  memory.usage = Number(dir, "memory.usage_in_bytes");
  if (groups & kMemoryEvents) {
    memory.peak = Number(dir, "memory.max_usage_in_bytes");
    memory.failures = Number(dir, "memory.failcnt");
    memory.oom_kills = FindKey(Text(dir, "memory.oom_control"), "oom_kill");
  }
  const std::string_view text = Text(dir, "memory.stat");
  ParseMemoryStatV1(text, memory);
  if (groups & kRawMemory) memory.raw = ParseKeys(text);
  if (groups & kLimits) memory.limit = Number(dir, "memory.limit_in_bytes");
  if (groups & kMoreLimits) {
    memory.reservation = Number(dir, "memory.soft_limit_in_bytes");
    memory.memsw_limit = Number(dir, "memory.memsw.limit_in_bytes");
  }
}

void StatsReader::ReadMemoryV2(Dir* dir, unsigned groups, MemoryStats& memory) {
  memory.usage = Number(dir, "memory.current");
  memory.swap_usage = Number(dir, "memory.swap.current");
  if (groups & kMemoryEvents) {
    memory.peak = Number(dir, "memory.peak");
    const std::string_view events = Text(dir, "memory.events");
    memory.oom_kills = FindKey(events, "oom_kill");
    memory.oom_group_kills = FindKey(events, "oom_group_kill");
    memory.oom_events = FindKey(events, "oom");
    memory.events_high = FindKey(events, "high");
    memory.events_max = FindKey(events, "max");
    memory.failures = memory.events_max;
  }
  const std::string_view text = Text(dir, "memory.stat");
  ParseMemoryStatV2(text, memory);
  if (groups & kRawMemory) memory.raw = ParseKeys(text);
  if (groups & kLimits) memory.limit = Number(dir, "memory.max");
  if (groups & kMoreLimits) {
    memory.reservation = Number(dir, "memory.low");
    memory.swap_limit = Number(dir, "memory.swap.max");
  }
}

void StatsReader::ReadKernelMemory(Dir* dir, MemoryStats& memory) {
  memory.kernel_usage = Number(dir, "memory.kmem.usage_in_bytes");
  memory.kernel_peak = Number(dir, "memory.kmem.max_usage_in_bytes");
  memory.kernel_limit = Number(dir, "memory.kmem.limit_in_bytes");
  memory.kernel_failures = Number(dir, "memory.kmem.failcnt");
  memory.tcp_usage = Number(dir, "memory.kmem.tcp.usage_in_bytes");
  memory.tcp_peak = Number(dir, "memory.kmem.tcp.max_usage_in_bytes");
  memory.tcp_limit = Number(dir, "memory.kmem.tcp.limit_in_bytes");
  memory.tcp_failures = Number(dir, "memory.kmem.tcp.failcnt");
  memory.memsw_usage = Number(dir, "memory.memsw.usage_in_bytes");
  memory.memsw_peak = Number(dir, "memory.memsw.max_usage_in_bytes");
  memory.memsw_failures = Number(dir, "memory.memsw.failcnt");
}

void StatsReader::ReadPids(unsigned groups, PidsStats& pids) {
  Dir* const dir = DirOf("pids");
  pids.current = Number(dir, "pids.current");
  if (!(groups & kMoreLimits)) return;
  pids.peak = Number(dir, "pids.peak");
  pids.limit = Number(dir, "pids.max");
}

void StatsReader::ReadIo(std::vector<IoDevice>& io) {
  Dir* const v1 = FindV1("blkio");
  if (v1 == nullptr) {
    io = ParseIoStat(Text(V2(), "io.stat"));
    return;
  }
  const std::string bytes(Text(v1, "blkio.throttle.io_service_bytes_recursive"));
  io = ParseBlkio(bytes, Text(v1, "blkio.throttle.io_serviced_recursive"));
}

void StatsReader::ReadHugetlb(std::vector<HugetlbStats>& hugetlb) {
  Dir* const dir = DirOf("hugetlb");
  if (dir == nullptr) return;
  const bool is_v1 = dir->version == Version::kV1;
  for (std::string& size : HugepageSizes(dir->path)) {
    const std::string prefix = StrCat("hugetlb.", size, ".");
    HugetlbStats& stats = hugetlb.emplace_back(HugetlbStats{.page_size = std::move(size)});
    stats.usage = Number(dir, prefix + (is_v1 ? "usage_in_bytes" : "current"));
    stats.peak = is_v1 ? Number(dir, prefix + "max_usage_in_bytes") : Count();
    stats.failures =
        is_v1 ? Number(dir, prefix + "failcnt") : FindKey(Text(dir, prefix + "events"), "max");
  }
}

void StatsReader::ReadRdma(std::vector<RdmaStats>& rdma) {
  Dir* const dir = DirOf("rdma");
  const std::string current(Text(dir, "rdma.current"));
  rdma = ParseRdma(current, Text(dir, "rdma.max"));
}

void StatsReader::ReadPressure(Stats& stats) {
  stats.cpu_pressure = ParsePressure(Text(V2(), "cpu.pressure"));
  stats.memory_pressure = ParsePressure(Text(V2(), "memory.pressure"));
  stats.io_pressure = ParsePressure(Text(V2(), "io.pressure"));
}

void StatsReader::ReadCpuset(Stats& stats) {
  Dir* const dir = DirOf("cpuset");
  if (dir == nullptr) return;
  const bool is_v1 = dir->version == Version::kV1;
  stats.cpus = Trim(Text(dir, "cpuset.cpus"));
  stats.mems = Trim(Text(dir, "cpuset.mems"));
  stats.cpus_effective = Trim(Text(dir, is_v1 ? "cpuset.effective_cpus" : "cpuset.cpus.effective"));
  stats.mems_effective = Trim(Text(dir, is_v1 ? "cpuset.effective_mems" : "cpuset.mems.effective"));
  if (!is_v1) return;
  for (const char* const name : {"cpu_exclusive", "mem_hardwall", "mem_exclusive", "memory_migrate",
                                 "memory_spread_page", "memory_spread_slab", "memory_pressure",
                                 "sched_load_balance", "sched_relax_domain_level"}) {
    if (const auto value = ParseInt<std::int64_t>(Trim(Text(dir, StrCat("cpuset.", name)))))
      stats.cpuset_switches.emplace_back(name, *value);
  }
}

Count StatsReader::CountProcesses() {
  Dir* const v2 = V2();
  const std::string_view text = Text(v2 != nullptr ? v2 : DirOf("pids"), "cgroup.procs");
  return static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
}

Result<Stats> StatsReader::Read(unsigned groups) {
  Stats stats;
  if (groups & kCpu) ReadCpu(groups, stats.cpu);
  if (groups & (kMemory | kMemoryEvents)) ReadMemory(groups, stats.memory);
  if (groups & kPids) ReadPids(groups, stats.pids);
  if (groups & kIo) ReadIo(stats.io);
  if (groups & kHugetlb) ReadHugetlb(stats.hugetlb);
  if (groups & kRdma) ReadRdma(stats.rdma);
  if (groups & kPressure) ReadPressure(stats);
  if (groups & kCpuset) ReadCpuset(stats);
  if (groups & kProcesses) stats.processes = CountProcesses();
  if (gone_) return Error(Code::kNotFound, "the cgroup was removed", ENODEV);
  return stats;
}

}  // namespace caisson::cgroup
