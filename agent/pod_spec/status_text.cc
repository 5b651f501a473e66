// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/status_text.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "agent/pod_spec/pod_status.h"
#include "agent/pod_spec/validate_parts.h"

namespace caisson::pod_spec {
namespace {

using nlohmann::json;

std::set<std::string> SidecarNames(const json& spec) {
  std::set<std::string> names;
  for (const json& container : ListOf(spec, "initContainers")) {
    if (TextOf(container, "restartPolicy") == "Always") names.insert(TextOf(container, "name"));
  }
  return names;
}

std::string EndText(const StateTerminated& end) {
  if (!end.reason.empty()) return end.reason;
  return end.signal != 0 ? StrCat("Signal:", end.signal) : StrCat("ExitCode:", end.exit_code);
}

bool HasCondition(const PodStatus& status, std::string_view type) {
  return std::any_of(status.conditions.begin(), status.conditions.end(),
                     [type](const auto& c) { return c.type == type && c.status == "True"; });
}

class Summary {
 public:
  Summary(const json& spec, const PodStatus& status)
      : status_(status), sidecars_(SidecarNames(spec)) {
    out_.total = static_cast<int>(ListOf(spec, "containers").size() + sidecars_.size());
    out_.status = status.reason.empty() ? std::string(PodPhaseName(status.phase)) : status.reason;
  }

  PodSummary Make(Time now) {
    const bool initializing = CountInit();
    if (!initializing || HasCondition(status_, "Initialized")) CountMain();
    out_.restarts = std::to_string(restarts_);
    if (restarts_ > 0 && last_restart_)
      out_.restarts += StrCat(" (", HumanDuration(now - *last_restart_), " ago)");
    return out_;
  }

 private:
  void CountRestarts(const ContainerStatus& container) {
    restarts_ += container.restart_count;
    const auto* end = std::get_if<StateTerminated>(&container.last_state);
    if (end != nullptr && end->finished_at &&
        (!last_restart_ || *last_restart_ < *end->finished_at))
      last_restart_ = end->finished_at;
  }

  // True while an init container has yet to end or a sidecar to start.
  bool CountInit() {
    const std::size_t count = status_.init_container_statuses.size();
    for (std::size_t i = 0; i < count; ++i) {
      const ContainerStatus& container = status_.init_container_statuses[i];
      const bool sidecar = sidecars_.contains(container.name);
      CountRestarts(container);
      if (sidecar) sidecar_restarts_ += container.restart_count;
      const auto* end = std::get_if<StateTerminated>(&container.state);
      if (end != nullptr && end->exit_code == 0) continue;
      if (sidecar && container.started.value_or(false)) {
        if (container.ready) ++out_.ready;
        continue;
      }
      const auto* waiting = std::get_if<StateWaiting>(&container.state);
      if (end != nullptr) {
        out_.status = StrCat("Init:", EndText(*end));
      } else if (waiting != nullptr && !waiting->reason.empty() &&
                 waiting->reason != "PodInitializing") {
        out_.status = StrCat("Init:", waiting->reason);
      } else {
        out_.status = StrCat("Init:", i, "/", count);
      }
      return true;
    }
    return false;
  }

  void CountMain() {
    restarts_ = sidecar_restarts_;
    bool any_running = false;
    const auto& containers = status_.container_statuses;
    for (auto container = containers.rbegin(); container != containers.rend(); ++container) {
      CountRestarts(*container);
      const auto* waiting = std::get_if<StateWaiting>(&container->state);
      const auto* end = std::get_if<StateTerminated>(&container->state);
      if (waiting != nullptr && !waiting->reason.empty()) {
        out_.status = waiting->reason;
      } else if (end != nullptr) {
        out_.status = EndText(*end);
      } else if (container->ready && std::holds_alternative<StateRunning>(container->state)) {
        any_running = true;
        ++out_.ready;
      }
    }
    if (out_.status == "Completed" && any_running)
      out_.status = HasCondition(status_, "Ready") ? "Running" : "NotReady";
  }

  const PodStatus& status_;
  const std::set<std::string> sidecars_;
  PodSummary out_;
  int restarts_ = 0;
  int sidecar_restarts_ = 0;
  std::optional<Time> last_restart_;
};

}  // namespace

PodSummary Summarize(const json& pod, Time now) {
  static const json none = json::object();
  const auto part = [&pod](const char* name) -> const json& {
    const auto at = pod.find(name);
    return at != pod.end() && at->is_object() ? *at : none;
  };
  const PodStatus status = DecodePodStatus(part("status"));
  PodSummary summary = Summary(part("spec"), status).Make(now);
  const bool over = status.phase == PodPhase::kSucceeded || status.phase == PodPhase::kFailed;
  if (part("metadata").contains("deletionTimestamp") && !over) summary.status = "Terminating";
  return summary;
}

std::string HumanDuration(std::chrono::seconds duration) {
  const std::int64_t seconds = duration.count();
  const auto two = [](std::int64_t a, char unit_a, std::int64_t b, char unit_b) {
    return b == 0 ? StrCat(a, unit_a) : StrCat(a, unit_a, b, unit_b);
  };
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 120) return StrCat(seconds, 's');
  const std::int64_t minutes = seconds / 60;
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return StrCat(minutes, 'm');
  const std::int64_t hours = minutes / 60;
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return StrCat(hours, 'h');
  const std::int64_t days = hours / 24;
  if (days < 8) return two(days, 'd', hours % 24, 'h');
  if (days < std::int64_t{365} * 2) return StrCat(days, 'd');
  if (days < std::int64_t{365} * 8) return two(days / 365, 'y', days % 365, 'd');
  return StrCat(days / 365, 'y');
}

std::string AgeOf(const json& object, const char* field, Time now) {
  const auto at = object.find(field);
  if (at == object.end() || !at->is_string()) return "<unknown>";
  const auto time = ParseTime(at->get_ref<const std::string&>());
  return time ? HumanDuration(now - *time) : "<unknown>";
}

}  // namespace caisson::pod_spec
