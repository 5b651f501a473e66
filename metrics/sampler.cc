// SPDX-License-Identifier: Apache-2.0
#include "metrics/sampler.h"

#include <sys/resource.h>

#include <set>

#include "runtime/base/file.h"

namespace caisson::metrics {
namespace {

// More containers than this ending between two scrapes are not all told: a bound against a scraper
// that never comes.
constexpr std::size_t kMaxRetired = 2000;

// What names.cc shows of pods.
constexpr unsigned kPodGroups = cgroup::kCpu | cgroup::kMemory | cgroup::kProcesses;

std::size_t DescriptorBudget() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  return limit.rlim_cur / 2;
}

std::int64_t NowMs() {
  using std::chrono::duration_cast;
  using std::chrono::milliseconds;
  return duration_cast<milliseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

Sampler::Sampler(TargetSource source, unsigned groups)
    : source_(std::move(source)), groups_(groups) {}

Sampler::Readings Sampler::Read(std::chrono::milliseconds max_age) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  if (last_ && max_age.count() > 0 && now - last_time_ <= max_age) return last_;
  last_ = std::make_shared<const std::vector<Reading>>(ReadAll());
  last_time_ = now;
  return last_;
}

bool Sampler::ReadCgroup(Reading& reading, std::size_t budget, std::size_t& kept) {
  const Target& target = reading.target;
  auto at = readers_.find(target.id);
  if (at == readers_.end()) {
    auto reader = cgroup::StatsReader::Open(target.record);
    if (!reader) {
      if (reader.error().code() != Code::kNotFound) ++errors_;
      return false;
    }
    at = readers_.emplace(target.id, std::move(*reader)).first;
  }
  auto stats = at->second.Read(target.level == Level::kPod ? groups_ & kPodGroups : groups_);
  if (!stats) {
    readers_.erase(at);
    return false;
  }
  reading.stats = std::move(*stats);
  kept += at->second.descriptors();
  if (kept > budget) {
    kept -= at->second.descriptors();
    readers_.erase(at);
  }
  return true;
}

std::vector<Reading> Sampler::ReadAll() {
  std::vector<Reading> readings;
  std::set<std::string> seen;
  const std::size_t budget = DescriptorBudget();
  std::size_t kept = 0;
  for (Target& target : source_()) {
    Reading reading{.target = std::move(target), .time_ms = NowMs()};
    if (!reading.target.net_dev_path.empty()) {
      // The process behind it may have ended; then the network has too.
      const auto text = ReadFile(reading.target.net_dev_path);
      if (text) reading.network = ParseNetDev(*text);
    }
    if (!reading.target.record.directories.empty()) {
      if (!ReadCgroup(reading, budget, kept)) continue;
      seen.insert(reading.target.id);
    }
    readings.push_back(std::move(reading));
  }
  for (auto at = readers_.begin(); at != readers_.end();)
    at = seen.contains(at->first) ? std::next(at) : readers_.erase(at);
  return readings;
}

void Sampler::Retire(Target target, cgroup::Stats final_stats) {
  const std::lock_guard<std::mutex> lock(retired_mutex_);
  if (retired_.size() == kMaxRetired) retired_.erase(retired_.begin());
  retired_.push_back(
      {.target = std::move(target), .stats = std::move(final_stats), .time_ms = NowMs()});
}

std::vector<Reading> Sampler::TakeRetired() {
  const std::lock_guard<std::mutex> lock(retired_mutex_);
  return std::exchange(retired_, {});
}

}  // namespace caisson::metrics
