// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "agent/api/services.h"
#include "agent/pods/node.h"
#include "agent/pods/pod_manager.h"
#include "agent/store/store.h"
#include "metrics/agent_metrics.h"
#include "metrics/sampler.h"
#include "runtime/cgroup/layout.h"

namespace caisson::daemon {

// Brings pods, metrics and the API together: what is there to be measured, the last words of what
// ends, and the pages. Thread-safe.
class NodeMetrics {
 public:
  // `store` must outlive this object. `series`: metrics::SeriesGroup bits to show of containers.
  NodeMetrics(const store::Store& store, const std::string& cgroup_root, unsigned series);

  // Puts the metrics pages into the API's services.
  void Serve(api::Services& services);
  // What the pods have to tell.
  pods::Hooks Hooks();
  // Whose pods are measured; nullptr: nobody's any more.
  void Follow(const pods::PodManager* pods);

 private:
  std::vector<metrics::Target> Targets() const;
  cgroup::Record RecordOf(const std::string& cgroup_path) const;
  std::map<std::string, std::size_t> CountPods() const;
  void TakeEnd(const pods::Hooks::EndedContainer& ended);
  api::MetricsPage Page(const std::string& path);

  const store::Store& store_;
  const Result<cgroup::Layout> layout_;
  mutable std::mutex mutex_;
  const pods::PodManager* pods_ = nullptr;
  const unsigned series_;
  metrics::AgentMetrics agent_;
  metrics::Sampler sampler_;
};

}  // namespace caisson::daemon
