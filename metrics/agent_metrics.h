// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "runtime/cgroup/oom_watch.h"

namespace caisson::metrics {

// The agent's own series, `caisson_*` and `process_*`: the body of /metrics. Thread-safe.
class AgentMetrics {
 public:
  struct Build {
    std::string version;
    std::string revision;
  };
  // Number of pods by phase ("Running" -> 3), asked on every scrape.
  using PodCounter = std::function<std::map<std::string, std::size_t>()>;

  AgentMetrics(const Build& build, PodCounter pods);
  ~AgentMetrics();
  AgentMetrics(const AgentMetrics&) = delete;
  AgentMetrics& operator=(const AgentMetrics&) = delete;

  using Duration = std::chrono::duration<double>;

  // From POST to Running.
  void PodStarted(Duration took);
  // `operation` is one of a fixed set: "create_container", "pull_image".
  void Operation(std::string_view operation, Duration took, bool ok);
  // A phase of a container's start, as the trace points name it.
  void StartPhase(std::string_view phase, Duration took);
  // `resource` is the route's, never a name from the URL.
  void ApiRequest(std::string_view verb, std::string_view resource, int code, Duration took);
  void WatchClients(int change);  // +1 or -1
  void EventsDropped(std::uint64_t count);
  void Scraped(std::string_view collector, Duration took);
  void ScrapeErrors(std::string_view collector, std::uint64_t total);
  void OomKill(cgroup::OomLevel level);
  void ContainerRestarted();

  std::string Text();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace caisson::metrics
