// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "metrics/target.h"
#include "runtime/cgroup/stats_reader.h"

namespace caisson::metrics {

// Reads all targets' cgroups when asked, on descriptors that it keeps from one time to the next, so
// that a file costs one pread. Shared by all that show usage: /metrics/cadvisor,
// /metrics/resource, `top` and the summary. Thread-safe: one reading at a time.
class Sampler {
 public:
  // `groups`: cgroup::StatsGroup bits to read of containers; of pods only what is shown of them.
  // It keeps at most half of the descriptors that the process may have; what is read beyond is
  // closed again.
  Sampler(TargetSource source, unsigned groups);

  using Readings = std::shared_ptr<const std::vector<Reading>>;

  // What everything uses now, or did at most `max_age` ago. A target whose cgroup is gone is left
  // out; one that cannot be read otherwise is left out and counted in errors().
  Readings Read(std::chrono::milliseconds max_age = std::chrono::milliseconds(0));

  // The last words of a container whose cgroup is being removed: kept until TakeRetired.
  void Retire(Target target, cgroup::Stats final_stats);
  std::vector<Reading> TakeRetired();

  std::uint64_t errors() const { return errors_; }

 private:
  std::vector<Reading> ReadAll();
  // The cgroup of `reading.target` into it. False: leave it out.
  bool ReadCgroup(Reading& reading, std::size_t budget, std::size_t& kept);

  const TargetSource source_;
  const unsigned groups_;
  std::mutex mutex_;
  std::map<std::string, cgroup::StatsReader> readers_;  // by Target::id
  Readings last_;
  std::chrono::steady_clock::time_point last_time_;
  std::mutex retired_mutex_;
  std::vector<Reading> retired_;
  std::atomic<std::uint64_t> errors_ = 0;
};

}  // namespace caisson::metrics
