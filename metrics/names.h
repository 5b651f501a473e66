// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "metrics/target.h"

namespace caisson::metrics {

// What can be switched on; the first line is the default.
enum SeriesGroup : unsigned {
  kCpuSeries = 1,
  kMemorySeries = 2,
  kDiskSeries = 4,
  kProcessSeries = 8,
  kSpecSeries = 16,
  kPressureSeries = 32,  // PSI, six a container
  kDetailSeries = 64,  // page cache lists, faults, kernel memory, v2's events, bursts, most threads
  kDefaultSeries = 31,
  kAllSeries = 127,
};

// The group of that name: cpu, memory, disk, process, spec, pressure, detail.
std::optional<SeriesGroup> SeriesGroupNamed(std::string_view name);

enum class Type { kCounter, kGauge };

// A decimal number without rounding: 1500 with 3 decimals is 1.5.
struct Value {
  std::uint64_t digits = 0;
  unsigned decimals = 0;
};

// One family of series. The one place where its name, meaning and origin stand.
struct Family {
  const char* name;
  Type type;
  unsigned group;  // SeriesGroup
  bool of_pods;    // also told of pods, with container="" and image=""
  const char* help;
  const char* v2;  // files that it is read from
  const char* v1;
  const char* labels;  // more than the common ones: "cpu=\"total\""; empty: none
  std::optional<Value> (*get)(const cgroup::Stats& stats);
};

// Families with one sample a container.
std::span<const Family> ContainerFamilies();

// Families with one sample for each disk, and for each network interface of a pod.
struct DiskFamily {
  const char* name;
  const char* help;
  std::uint64_t cgroup::IoDevice::*value;
};
std::span<const DiskFamily> DiskFamilies();
struct NetworkFamily {
  const char* name;
  const char* help;
  std::uint64_t NetworkDevice::*value;
};
std::span<const NetworkFamily> NetworkFamilies();

}  // namespace caisson::metrics
