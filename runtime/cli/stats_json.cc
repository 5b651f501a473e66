// SPDX-License-Identifier: Apache-2.0
#include "runtime/cli/stats_json.h"

#include <algorithm>
#include <limits>

#include "runtime/base/log.h"

namespace caisson::cli {
namespace {

// Builds objects member by member; numbers are whole.
class Object {
 public:
  Object& Number(std::string_view name, std::uint64_t value) { return Raw(name, StrCat(value)); }
  Object& Number(std::string_view name, const cgroup::Count& value) {
    return Number(name, value.value_or(0));
  }
  Object& Text(std::string_view name, std::string_view value) {
    return Raw(name, StrCat("\"", JsonEscape(value), "\""));
  }
  Object& Raw(std::string_view name, std::string_view json) {
    text_.append(text_.size() > 1 ? ",\"" : "\"").append(name).append("\":").append(json);
    return *this;
  }
  std::string Done() const { return StrCat(text_, "}"); }

 private:
  std::string text_ = "{";
};

template <class List, class Fn>
std::string Array(const List& list, const Fn& item) {
  std::string text = "[";
  for (const auto& entry : list) text.append(text.size() > 1 ? "," : "").append(item(entry));
  return text.append("]");
}

template <class Int>
std::string Numbers(const std::vector<Int>& list) {
  return Array(list, [](Int number) { return StrCat(number); });
}

std::string Cpu(const cgroup::CpuStats& cpu) {
  const std::string usage = Object()
                                .Number("total", cpu.usage_ns)
                                .Raw("percpu", Numbers(cpu.per_cpu_ns))
                                .Raw("percpu_kernel", Numbers(cpu.per_cpu_system_ns))
                                .Raw("percpu_user", Numbers(cpu.per_cpu_user_ns))
                                .Number("kernel", cpu.system_ns)
                                .Number("user", cpu.user_ns)
                                .Done();
  const std::string throttling = Object()
                                     .Number("periods", cpu.periods)
                                     .Number("throttledPeriods", cpu.throttled_periods)
                                     .Number("throttledTime", cpu.throttled_ns)
                                     .Done();
  return Object().Raw("usage", usage).Raw("throttling", throttling).Done();
}

// "No limit" as v1's files say it: the largest number of whole pages. v2 says "max".
constexpr std::uint64_t kV1Unlimited =
    std::uint64_t{std::numeric_limits<std::int64_t>::max()} & ~0xFFFULL;

enum class Says { kMax, kV1 };

cgroup::Count Limit(Says says, const cgroup::Count& limit) {
  return says == Says::kV1 && limit == cgroup::kUnlimited ? kV1Unlimited : limit;
}

std::string Entry(const cgroup::Count& limit, const cgroup::Count& usage, const cgroup::Count& peak,
                  const cgroup::Count& failures) {
  return Object()
      .Number("limit", limit)
      .Number("usage", usage)
      .Number("max", peak)
      .Number("failcnt", failures)
      .Done();
}

// What is counted as swap: as in runc, on v1 the sum of memory and swap that has a limit there.
std::string Swap(const cgroup::MemoryStats& memory) {
  if (memory.memsw_usage || memory.memsw_limit)
    return Entry(Limit(Says::kV1, memory.memsw_limit), memory.memsw_usage, memory.memsw_peak,
                 memory.memsw_failures);
  return Entry(memory.swap_limit, memory.swap_usage, std::nullopt, std::nullopt);
}

std::string Memory(const cgroup::MemoryStats& memory) {
  Object raw;
  for (const auto& [name, value] : memory.raw) raw.Number(name, value);
  // Only v1 has a word for it in memory.stat.
  const bool is_v1 = std::any_of(memory.raw.begin(), memory.raw.end(), [](const auto& entry) {
    return entry.first == "hierarchical_memory_limit";
  });
  const Says says = is_v1 ? Says::kV1 : Says::kMax;
  return Object()
      .Number("cache", memory.cache)
      .Raw("usage", Entry(Limit(says, memory.limit), memory.usage, memory.peak, memory.failures))
      .Raw("swap", Swap(memory))
      .Raw("kernel", Entry(Limit(says, memory.kernel_limit), memory.kernel_usage,
                           memory.kernel_peak, memory.kernel_failures))
      .Raw("kernelTCP", Entry(Limit(says, memory.tcp_limit), memory.tcp_usage, memory.tcp_peak,
                              memory.tcp_failures))
      .Raw("raw", raw.Done())
      .Done();
}

std::string IoEntry(const cgroup::IoDevice& device, std::string_view op, std::uint64_t value) {
  return Object()
      .Number("major", std::uint64_t{device.major})
      .Number("minor", std::uint64_t{device.minor})
      .Text("op", op)
      .Number("value", value)
      .Done();
}

std::string BlockIo(const std::vector<cgroup::IoDevice>& devices) {
  const std::string bytes = Array(devices, [](const cgroup::IoDevice& device) {
    return StrCat(IoEntry(device, "Read", device.read_bytes), ",",
                  IoEntry(device, "Write", device.write_bytes));
  });
  const std::string operations = Array(devices, [](const cgroup::IoDevice& device) {
    return StrCat(IoEntry(device, "Read", device.reads), ",",
                  IoEntry(device, "Write", device.writes));
  });
  return Object()
      .Raw("ioServiceBytesRecursive", bytes)
      .Raw("ioServicedRecursive", operations)
      .Done();
}

std::string Hugetlb(const std::vector<cgroup::HugetlbStats>& sizes) {
  Object object;
  for (const cgroup::HugetlbStats& size : sizes)
    object.Raw(size.page_size, Object()
                                   .Number("usage", size.usage)
                                   .Number("max", size.peak)
                                   .Number("failcnt", size.failures)
                                   .Done());
  return object.Done();
}

// CPUs and memory nodes as numbers; a list that cannot be read is empty.
std::string Cpuset(const cgroup::Stats& stats) {
  const auto members = [](const std::string& own, const std::string& effective) {
    return Numbers(
        cgroup::ParseCpuList(own.empty() ? effective : own).value_or(std::vector<std::uint32_t>()));
  };
  Object object;
  object.Raw("cpus", members(stats.cpus, stats.cpus_effective))
      .Raw("mems", members(stats.mems, stats.mems_effective));
  for (const auto& [name, value] : stats.cpuset_switches) object.Raw(name, StrCat(value));
  return object.Done();
}

// An unlimited pids cgroup has limit 0, as in runc.
std::uint64_t PidsLimit(const cgroup::PidsStats& pids) {
  const std::uint64_t limit = pids.limit.value_or(0);
  return limit == cgroup::kUnlimited ? 0 : limit;
}

}  // namespace

std::string StatsEvent(const std::string& id, const cgroup::Stats& stats) {
  const std::string pids =
      Object().Number("current", stats.pids.current).Number("limit", PidsLimit(stats.pids)).Done();
  const std::string data = Object()
                               .Raw("cpu", Cpu(stats.cpu))
                               .Raw("cpuset", Cpuset(stats))
                               .Raw("memory", Memory(stats.memory))
                               .Raw("pids", pids)
                               .Raw("blkio", BlockIo(stats.io))
                               .Raw("hugetlb", Hugetlb(stats.hugetlb))
                               .Raw("intel_rdt", "{}")
                               .Done();
  return StrCat(Object().Text("type", "stats").Text("id", id).Raw("data", data).Done(), "\n");
}

std::string OomEvent(const std::string& id) {
  return StrCat(Object().Text("type", "oom").Text("id", id).Done(), "\n");
}

}  // namespace caisson::cli
