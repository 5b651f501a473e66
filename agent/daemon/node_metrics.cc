// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/node_metrics.h"

#include <nlohmann/json.hpp>

#include "metrics/cgroup_collector.h"
#include "runtime/cgroup/placement.h"
#include "runtime/cgroup/stats_reader.h"

namespace caisson::daemon {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;

}  // namespace

NodeMetrics::NodeMetrics(const store::Store& store, const std::string& cgroup_root, unsigned series)
    : store_(store),
      layout_(cgroup::Layout::Detect(cgroup_root)),
      series_(series),
      agent_({.version = CAISSON_VERSION, .revision = {}}, [this] { return CountPods(); }),
      // /metrics/resource wants these two whatever else is shown.
      sampler_([this] { return Targets(); },
               metrics::StatsGroupsFor(series | metrics::kCpuSeries | metrics::kMemorySeries)) {}

void NodeMetrics::Follow(const pods::PodManager* pods) {
  const std::lock_guard lock(mutex_);
  pods_ = pods;
}

cgroup::Record NodeMetrics::RecordOf(const std::string& cgroup_path) const {
  if (!layout_) return {};
  auto record = cgroup::Place(*layout_, cgroup::Request{.cgroups_path = cgroup_path});
  return record ? std::move(*record) : cgroup::Record{};
}

std::vector<metrics::Target> NodeMetrics::Targets() const {
  std::vector<metrics::Target> targets;
  // Held while the pods are asked, so that they are not torn down under us.
  const std::lock_guard lock(mutex_);
  if (pods_ == nullptr) return targets;
  for (const pods::PodWorker::View& view : pods_->Views()) {
    if (view.keeper_pid == 0) continue;
    metrics::Target pod{.level = metrics::Level::kPod,
                        .id = view.cgroup,
                        .pod = view.name,
                        .ns = view.ns,
                        .record = RecordOf(view.cgroup)};
    if (view.net_inode != 0) pod.net_dev_path = StrCat("/proc/", view.keeper_pid, "/net/dev");
    targets.push_back(std::move(pod));
    for (const pods::ContainerRecord& container : view.containers) {
      if (container.phase != pods::ContainerPhase::kRunning) continue;
      const std::string path = StrCat(view.cgroup, "/", container.container_id);
      targets.push_back({.level = metrics::Level::kContainer,
                         .id = path,
                         .name = container.container_id,
                         .image = container.image,
                         .container = container.name,
                         .pod = view.name,
                         .ns = view.ns,
                         .record = RecordOf(path),
                         .start_time_s = container.started_at_ns / kNsPerSecond});
    }
  }
  return targets;
}

std::map<std::string, std::size_t> NodeMetrics::CountPods() const {
  std::map<std::string, std::size_t> counts;
  for (const store::Object& object : store_.ListAll(store::Kind::kPod).objects) {
    const auto status = object.document->find("status");
    const std::string phase =
        status == object.document->end() ? std::string() : status->value("phase", std::string());
    ++counts[phase.empty() ? "Pending" : phase];
  }
  return counts;
}

void NodeMetrics::TakeEnd(const pods::Hooks::EndedContainer& ended) {
  if (ended.oom_killed) agent_.OomKill(cgroup::OomLevel::kContainer);
  metrics::Target target{.level = metrics::Level::kContainer,
                         .id = ended.cgroup,
                         .name = ended.container_id,
                         .image = ended.image,
                         .container = ended.name,
                         .pod = ended.pod.name,
                         .ns = ended.pod.namespace_,
                         .record = RecordOf(ended.cgroup),
                         .start_time_s = ended.started_at_ns / kNsPerSecond};
  auto reader = cgroup::StatsReader::Open(target.record);
  if (!reader) return;  // removed already: nothing can be told of it
  if (auto stats = reader->Read(metrics::StatsGroupsFor(series_)))
    sampler_.Retire(std::move(target), std::move(*stats));
}

pods::Hooks NodeMetrics::Hooks() {
  return {.container_ended = [this](const auto& ended) { TakeEnd(ended); },
          .pod_started = [this](std::chrono::duration<double> took) { agent_.PodStarted(took); },
          .operation = [this](std::string_view name, std::chrono::duration<double> took,
                              bool ok) { agent_.Operation(name, took, ok); },
          .container_restarted = [this] { agent_.ContainerRestarted(); }};
}

api::MetricsPage NodeMetrics::Page(const std::string& path) {
  if (path == "/metrics") return {metrics::kContentType, agent_.Text()};
  const auto begin = std::chrono::steady_clock::now();
  const bool resource = path == "/metrics/resource";
  api::MetricsPage page{metrics::kContentType, resource ? metrics::ResourceText(sampler_)
                                                        : metrics::CadvisorText(sampler_, series_)};
  const std::string_view collector = resource ? "resource" : "cgroup";
  agent_.Scraped(collector, std::chrono::steady_clock::now() - begin);
  agent_.ScrapeErrors("cgroup", sampler_.errors());
  return page;
}

void NodeMetrics::Serve(api::Services& services) {
  services.metrics = [this](const std::string& path, const std::string&) { return Page(path); };
  services.observe = [this](const std::string& verb, const std::string& resource, int code,
                            double seconds) {
    agent_.ApiRequest(verb, resource, code, std::chrono::duration<double>(seconds));
  };
}

}  // namespace caisson::daemon
