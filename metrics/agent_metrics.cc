// SPDX-License-Identifier: Apache-2.0
#include "metrics/agent_metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include <mutex>
#include <sstream>

#include "metrics/process_metrics.h"
#include "runtime/base/strings.h"

namespace caisson::metrics {
namespace {

using prometheus::Counter;
using prometheus::Gauge;
using prometheus::Histogram;
using Labels = std::map<std::string, std::string>;
using Buckets = Histogram::BucketBoundaries;

// From the milliseconds that a pod takes to the minutes that a pull may take.
const Buckets kPodBuckets{0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5,
                          1,     2.5,  5,    10,   30,   60,  300};
const Buckets kPhaseBuckets{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1};
const Buckets kRequestBuckets{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5};

std::string Own(std::string_view view) { return std::string(view); }

}  // namespace

struct AgentMetrics::State {
  prometheus::Registry registry;
  PodCounter count_pods;
  std::mutex mutex;                      // for pods and error totals, which are set at scrape time
  std::map<std::string, double> errors;  // collector -> last total

  template <class Metric>
  prometheus::Family<Metric>& Make(const char* name, const char* help) {
    if constexpr (std::is_same_v<Metric, Counter>)
      return prometheus::BuildCounter().Name(name).Help(help).Register(registry);
    else if constexpr (std::is_same_v<Metric, Gauge>)
      return prometheus::BuildGauge().Name(name).Help(help).Register(registry);
    else
      return prometheus::BuildHistogram().Name(name).Help(help).Register(registry);
  }

  prometheus::Family<Gauge>& build = Make<Gauge>("caisson_build_info", "What is running.");
  prometheus::Family<Gauge>& pods = Make<Gauge>("caisson_pods", "Pods by phase.");
  Histogram& pod_start =
      Make<Histogram>("caisson_pod_start_duration_seconds", "From the request to Running.")
          .Add({}, kPodBuckets);
  prometheus::Family<Histogram>& start_phase = Make<Histogram>(
      "caisson_container_start_phase_duration_seconds", "Phases of a container's start.");
  prometheus::Family<Counter>& operations =
      Make<Counter>("caisson_runtime_operations_total", "Operations asked of the runtime.");
  prometheus::Family<Counter>& operation_errors =
      Make<Counter>("caisson_runtime_operations_errors_total", "Operations that failed.");
  prometheus::Family<Histogram>& operation_time =
      Make<Histogram>("caisson_runtime_operations_duration_seconds", "How long operations took.");
  prometheus::Family<Counter>& requests =
      Make<Counter>("caisson_api_requests_total", "Requests answered.");
  prometheus::Family<Histogram>& request_time = Make<Histogram>(
      "caisson_api_request_duration_seconds", "How long answers took, watches left out.");
  Gauge& watch_clients = Make<Gauge>("caisson_watch_clients", "Open watches.").Add({});
  Counter& events_dropped =
      Make<Counter>("caisson_events_dropped_total", "Events that a slow watch did not get.")
          .Add({});
  prometheus::Family<Gauge>& scrape_time =
      Make<Gauge>("caisson_scrape_duration_seconds", "How long the last collection took.");
  prometheus::Family<Counter>& scrape_errors =
      Make<Counter>("caisson_scrape_errors_total", "Cgroups that could not be read.");
  prometheus::Family<Counter>& oom_kills = Make<Counter>(
      "caisson_container_oom_kills_total", "Containers that ran out of memory, by whose limit.");
  Counter& restarts =
      Make<Counter>("caisson_container_restarts_total", "Containers started again.").Add({});
};

AgentMetrics::AgentMetrics(const Build& build, PodCounter pods)
    : state_(std::make_unique<State>()) {
  state_->count_pods = std::move(pods);
  state_->build.Add({{"version", build.version}, {"revision", build.revision}}).Set(1);
  for (const auto level :
       {cgroup::OomLevel::kContainer, cgroup::OomLevel::kPod, cgroup::OomLevel::kAncestor})
    state_->oom_kills.Add({{"level", Own(cgroup::NameOf(level))}});
}

AgentMetrics::~AgentMetrics() = default;

void AgentMetrics::PodStarted(Duration took) { state_->pod_start.Observe(took.count()); }

void AgentMetrics::Operation(std::string_view operation, Duration took, bool ok) {
  const Labels labels{{"operation", Own(operation)}};
  state_->operations.Add(labels).Increment();
  Counter& errors = state_->operation_errors.Add(labels);
  if (!ok) errors.Increment();
  state_->operation_time.Add(labels, kPodBuckets).Observe(took.count());
}

void AgentMetrics::StartPhase(std::string_view phase, Duration took) {
  state_->start_phase.Add({{"phase", Own(phase)}}, kPhaseBuckets).Observe(took.count());
}

void AgentMetrics::ApiRequest(std::string_view verb, std::string_view resource, int code,
                              Duration took) {
  state_->requests.Add({{"verb", Own(verb)}, {"resource", Own(resource)}, {"code", StrCat(code)}})
      .Increment();
  if (verb == "watch" || verb == "WATCH") return;
  state_->request_time.Add({{"verb", Own(verb)}, {"resource", Own(resource)}}, kRequestBuckets)
      .Observe(took.count());
}

void AgentMetrics::WatchClients(int change) { state_->watch_clients.Increment(change); }

void AgentMetrics::EventsDropped(std::uint64_t count) {
  state_->events_dropped.Increment(static_cast<double>(count));
}

void AgentMetrics::Scraped(std::string_view collector, Duration took) {
  state_->scrape_time.Add({{"collector", Own(collector)}}).Set(took.count());
}

void AgentMetrics::ScrapeErrors(std::string_view collector, std::uint64_t total) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  double& last = state_->errors[Own(collector)];
  Counter& counter = state_->scrape_errors.Add({{"collector", Own(collector)}});
  const auto now = static_cast<double>(total);
  if (now > last) counter.Increment(now - last);
  last = now;
}

void AgentMetrics::OomKill(cgroup::OomLevel level) {
  state_->oom_kills.Add({{"level", Own(cgroup::NameOf(level))}}).Increment();
}

void AgentMetrics::ContainerRestarted() { state_->restarts.Increment(); }

std::string AgentMetrics::Text() {
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    const std::map<std::string, std::size_t> counts =
        state_->count_pods ? state_->count_pods() : std::map<std::string, std::size_t>();
    // A phase without pods is 0, not what it was.
    for (const char* phase : {"Pending", "Running", "Succeeded", "Failed", "Unknown"}) {
      const auto at = counts.find(phase);
      state_->pods.Add({{"phase", phase}})
          .Set(at == counts.end() ? 0.0 : static_cast<double>(at->second));
    }
  }
  std::ostringstream out;
  prometheus::TextSerializer().Serialize(out, state_->registry.Collect());
  return out.str() + ProcessText();
}

}  // namespace caisson::metrics
