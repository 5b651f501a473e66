// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "metrics/cgroup_collector.h"
#include "metrics/text_writer.h"
#include "runtime/base/file.h"

namespace caisson::metrics {
namespace {

std::string Labels(const Target& target) {
  const std::string pod = StrCat(Label("namespace", target.ns), ",", Label("pod", target.pod));
  return target.level == Level::kPod ? pod : StrCat(Label("container", target.container), ",", pod);
}

struct Column {
  const char* container;
  const char* pod;
  const char* help;
  Type type;
  unsigned decimals;
  cgroup::Count (*get)(const cgroup::Stats& stats);
};

constexpr Column kColumns[] = {
    {"container_cpu_usage_seconds_total", "pod_cpu_usage_seconds_total", "CPU time used.",
     Type::kCounter, 9, [](const cgroup::Stats& stats) { return stats.cpu.usage_ns; }},
    {"container_memory_working_set_bytes", "pod_memory_working_set_bytes",
     "Memory that cannot be reclaimed easily.", Type::kGauge, 0,
     [](const cgroup::Stats& stats) { return stats.memory.WorkingSet(); }},
    {"container_swap_usage_bytes", "pod_swap_usage_bytes", "Swap used.", Type::kGauge, 0,
     [](const cgroup::Stats& stats) { return stats.memory.swap_usage; }},
};

void WriteLevel(const std::vector<Reading>& readings, Level level, TextWriter& out) {
  for (const Column& column : kColumns) {
    out.Family(level == Level::kPod ? column.pod : column.container, column.type, column.help);
    for (const Reading& reading : readings) {
      const auto value = column.get(reading.stats);
      if (reading.target.level == level && value)
        out.Sample(Labels(reading.target), "", {*value, column.decimals}, reading.time_ms);
    }
  }
}

// "cpu  user nice system idle iowait irq softirq steal ..." in clock ticks, of the whole host.
std::optional<std::uint64_t> HostCpuTicks() {
  const auto text = ReadFile("/proc/stat");
  if (!text) return {};
  std::uint64_t sum = 0;
  std::size_t column = 0;
  for (const auto word : Split(std::string_view(*text).substr(0, text->find('\n')), ' ')) {
    const auto ticks = ParseInt<std::uint64_t>(word);
    if (!ticks) continue;
    // Idle and I/O wait are not use; guest time is counted in user and nice already.
    if (column != 3 && column != 4 && column < 8) sum += *ticks;
    ++column;
  }
  return sum;
}

// MemTotal minus what could be had without reclaiming what is in use.
std::optional<std::uint64_t> HostWorkingSet() {
  const auto text = ReadFile("/proc/meminfo");
  if (!text) return {};
  const auto kib = [&](std::string_view key) -> std::optional<std::uint64_t> {
    for (const auto line : Split(*text, '\n')) {
      if (line.substr(0, key.size()) != key) continue;
      const auto value = Trim(line.substr(key.size()));
      return ParseInt<std::uint64_t>(value.substr(0, value.find(' ')));
    }
    return {};
  };
  const auto total = kib("MemTotal:");
  const auto free = kib("MemFree:");
  const auto inactive = kib("Inactive(file):");
  if (!total || !free || !inactive || *free + *inactive > *total) return {};
  return (*total - *free - *inactive) * 1024;
}

void WriteNode(std::int64_t time_ms, TextWriter& out) {
  const long ticks_a_second = ::sysconf(_SC_CLK_TCK);
  if (const auto ticks = HostCpuTicks(); ticks && ticks_a_second > 0) {
    out.Family("node_cpu_usage_seconds_total", Type::kCounter, "CPU time used on the node.");
    const auto milliseconds = *ticks * 1000 / static_cast<std::uint64_t>(ticks_a_second);
    out.Sample("", "", {milliseconds, 3}, time_ms);
  }
  if (const auto bytes = HostWorkingSet()) {
    out.Family("node_memory_working_set_bytes", Type::kGauge,
               "Memory of the node that cannot be reclaimed easily.");
    out.Sample("", "", {*bytes, 0}, time_ms);
  }
}

}  // namespace

std::string ResourceTextOf(const std::vector<Reading>& readings, bool had_errors) {
  TextWriter out;
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::system_clock::now().time_since_epoch());
  WriteNode(now.count(), out);
  WriteLevel(readings, Level::kContainer, out);
  out.Family("container_start_time_seconds", Type::kGauge, "When it was started, since the epoch.");
  for (const Reading& reading : readings) {
    const Target& target = reading.target;
    if (target.level == Level::kContainer && target.start_time_s > 0)
      out.Sample(Labels(target), "", {static_cast<std::uint64_t>(target.start_time_s), 0});
  }
  WriteLevel(readings, Level::kPod, out);
  out.Family("resource_scrape_error", Type::kGauge, "1 when something could not be read.");
  out.Sample("", "", {had_errors ? 1u : 0u, 0});
  return out.Take();
}

std::string ResourceText(Sampler& sampler) {
  const std::uint64_t errors_before = sampler.errors();
  const Sampler::Readings readings = sampler.Read(std::chrono::seconds(1));
  return ResourceTextOf(*readings, sampler.errors() != errors_before);
}

}  // namespace caisson::metrics
