// SPDX-License-Identifier: Apache-2.0
#include "metrics/cgroup_collector.h"

#include <sys/sysinfo.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "metrics/text_writer.h"
#include "runtime/base/strings.h"

namespace caisson::metrics {
namespace {

// At most this many disks a container, those with most traffic: the 30 series allow no more.
constexpr std::size_t kMaxDisks = 2;

struct Row {
  const Reading* reading;
  std::string labels;
  bool is_retired;
};

std::string CommonLabels(const Target& target) {
  return StrCat(Label("container", target.container), ",", Label("id", target.id), ",",
                Label("image", target.image), ",", Label("name", target.name), ",",
                Label("namespace", target.ns), ",", Label("pod", target.pod));
}

// The kernel's name of a block device as "/dev/sda"; "8:0" when it has none.
std::string DiskName(const cgroup::IoDevice& device) {
  std::string number = StrCat(device.major, ":", device.minor);
  char link[512];
  const ssize_t size = ::readlink(StrCat("/sys/dev/block/", number).c_str(), link, sizeof link);
  if (size <= 0) return number;
  const std::string_view path(link, static_cast<std::size_t>(size));
  return StrCat("/dev/", path.substr(path.rfind('/') + 1));
}

std::vector<cgroup::IoDevice> BusiestDisks(const cgroup::Stats& stats) {
  std::vector<cgroup::IoDevice> disks;
  for (const cgroup::IoDevice& device : stats.io) {
    if (device.reads != 0 || device.writes != 0) disks.push_back(device);
  }
  std::sort(disks.begin(), disks.end(), [](const auto& a, const auto& b) {
    return a.read_bytes + a.write_bytes > b.read_bytes + b.write_bytes;
  });
  if (disks.size() > kMaxDisks) disks.resize(kMaxDisks);
  return disks;
}

void WriteFamilies(const std::vector<Row>& rows, unsigned groups, TextWriter& out) {
  std::string_view last;
  for (const Family& family : ContainerFamilies()) {
    if (!(family.group & groups)) continue;
    if (family.name != last) out.Family(family.name, family.type, family.help);
    last = family.name;
    for (const Row& row : rows) {
      if (row.reading->target.level == Level::kPod && !family.of_pods) continue;
      // What has ended uses nothing any more; only its sums are of interest.
      if (row.is_retired && family.type == Type::kGauge) continue;
      if (const auto value = family.get(row.reading->stats))
        out.Sample(row.labels, family.labels, *value);
    }
  }
}

void WriteDisks(const std::vector<Row>& rows, TextWriter& out) {
  struct Disk {
    const Row* row;
    cgroup::IoDevice device;
    std::string label;
  };
  std::vector<Disk> disks;
  for (const Row& row : rows) {
    if (row.reading->target.level == Level::kPod) continue;
    for (const cgroup::IoDevice& device : BusiestDisks(row.reading->stats))
      disks.push_back({&row, device, Label("device", DiskName(device))});
  }
  for (const DiskFamily& family : DiskFamilies()) {
    out.Family(family.name, Type::kCounter, family.help);
    for (const Disk& disk : disks)
      out.Sample(disk.row->labels, disk.label, {disk.device.*family.value, 0});
  }
}

void WriteNetwork(const std::vector<Row>& rows, TextWriter& out) {
  for (const NetworkFamily& family : NetworkFamilies()) {
    out.Family(family.name, Type::kCounter, family.help);
    for (const Row& row : rows) {
      for (const NetworkDevice& device : row.reading->network)
        out.Sample(row.labels, Label("interface", device.name), {device.*family.value, 0});
    }
  }
}

void WriteTimes(const std::vector<Row>& rows, TextWriter& out) {
  const auto write = [&](std::string_view name, std::string_view help, const auto& seconds) {
    out.Family(name, Type::kGauge, help);
    for (const Row& row : rows) {
      const std::int64_t value = seconds(*row.reading);
      if (row.reading->target.level == Level::kContainer && !row.is_retired && value > 0)
        out.Sample(row.labels, "", {static_cast<std::uint64_t>(value), 0});
    }
  };
  write("container_start_time_seconds", "When it was started, since the epoch.",
        [](const Reading& reading) { return reading.target.start_time_s; });
  write("container_last_seen", "When it was last read, in seconds since the epoch.",
        [](const Reading& reading) { return reading.time_ms / 1000; });
}

void WriteMachine(TextWriter& out) {
  struct sysinfo info {};
  if (::sysinfo(&info) < 0) return;
  const long cores = ::sysconf(_SC_NPROCESSORS_ONLN);
  const auto one = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    out.Family(name, Type::kGauge, help);
    out.Sample("", "", {value, 0});
  };
  one("machine_cpu_cores", "Logical CPUs in use.", static_cast<std::uint64_t>(std::max(cores, 1L)));
  one("machine_memory_bytes", "Memory of the host.", std::uint64_t{info.totalram} * info.mem_unit);
  one("machine_swap_bytes", "Swap of the host.", std::uint64_t{info.totalswap} * info.mem_unit);
}

}  // namespace

unsigned StatsGroupsFor(unsigned series_groups) {
  unsigned groups = cgroup::kLimits;  // cfs_* need to know whether there is a quota
  if (series_groups & kCpuSeries) groups |= cgroup::kCpu;
  if (series_groups & kMemorySeries) groups |= cgroup::kMemory | cgroup::kMemoryEvents;
  if (series_groups & kDiskSeries) groups |= cgroup::kIo;
  if (series_groups & kProcessSeries) groups |= cgroup::kPids | cgroup::kProcesses;
  if (series_groups & kDetailSeries)
    groups |= cgroup::kCpu | cgroup::kMemory | cgroup::kMemoryEvents | cgroup::kPids |
              cgroup::kMoreLimits;
  if (series_groups & kPressureSeries) groups |= cgroup::kPressure;
  return groups;
}

std::string CadvisorTextOf(const std::vector<Reading>& readings,
                           const std::vector<Reading>& retired, unsigned groups) {
  std::vector<Row> rows;
  rows.reserve(readings.size() + retired.size());
  std::set<std::string_view> ended;
  for (const Reading& reading : retired) {
    ended.insert(reading.target.id);
    rows.push_back({&reading, CommonLabels(reading.target), true});
  }
  for (const Reading& reading : readings) {
    // Its last words are newer than what was read while it lived.
    if (!ended.contains(reading.target.id))
      rows.push_back({&reading, CommonLabels(reading.target), false});
  }
  TextWriter out;
  WriteFamilies(rows, groups, out);
  if (groups & kDiskSeries) WriteDisks(rows, out);
  WriteNetwork(rows, out);
  WriteTimes(rows, out);
  WriteMachine(out);
  return out.Take();
}

std::string CadvisorText(Sampler& sampler, unsigned groups) {
  // The dead first: what ends between the two is told by the next scrape.
  const std::vector<Reading> retired = sampler.TakeRetired();
  const Sampler::Readings readings = sampler.Read();
  return CadvisorTextOf(*readings, retired, groups);
}

}  // namespace caisson::metrics
