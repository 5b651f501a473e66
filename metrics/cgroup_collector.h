// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "metrics/names.h"
#include "metrics/sampler.h"

namespace caisson::metrics {

// Content-Type of everything that this room writes.
inline constexpr char kContentType[] = "text/plain; version=0.0.4; charset=utf-8";

// The body of /metrics/cadvisor: cAdvisor's names and labels (id, name, image, container, pod,
// namespace) for containers and pods, machine_* for the host. `groups`: SeriesGroup bits.
// At most 30 series a container with kDefaultSeries. A container that ended is told once more, by
// its counters, after Sampler::Retire. Thread-safe.
// Source: docs/metrics of cAdvisor; kernel cgroup-v2.rst, cgroup-v1/*.rst.
std::string CadvisorText(Sampler& sampler, unsigned groups = kDefaultSeries);

// The body of /metrics/resource, as metrics-server reads it: CPU and memory of node, pods and
// containers with the time of each reading. Thread-safe.
std::string ResourceText(Sampler& sampler);

// Pure: the same from readings that are given.
std::string CadvisorTextOf(const std::vector<Reading>& readings,
                           const std::vector<Reading>& retired, unsigned groups);
std::string ResourceTextOf(const std::vector<Reading>& readings, bool had_errors);

// What StatsGroup bits a Sampler needs for these series.
unsigned StatsGroupsFor(unsigned series_groups);

}  // namespace caisson::metrics
