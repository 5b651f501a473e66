// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/container_record.h"

#include <algorithm>
#include <chrono>

namespace caisson::pods {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr std::string_view kScheme = "caisson://";

std::optional<pod_spec::Time> ToTime(std::int64_t ns) {
  if (ns == 0) return std::nullopt;
  return pod_spec::Time(duration_cast<std::chrono::seconds>(nanoseconds(ns)));
}

ContainerRecord MakeRecord(const pod_spec::Container& container, ContainerKind kind,
                           const std::vector<pod_spec::ContainerStatus>& statuses) {
  ContainerRecord record;
  record.name = container.name;
  record.kind = kind;
  record.image = container.image;
  const auto known = std::find_if(statuses.begin(), statuses.end(),
                                  [&](const auto& s) { return s.name == container.name; });
  if (known == statuses.end()) return record;
  record.container_id = BareId(known->container_id);
  record.attempt = static_cast<std::uint32_t>(std::max(known->restart_count, 0));
  record.image_id = known->image_id;
  if (const auto* last = std::get_if<pod_spec::StateTerminated>(&known->last_state))
    record.last_end = *last;
  if (const auto* ended = std::get_if<pod_spec::StateTerminated>(&known->state)) {
    record.phase = ContainerPhase::kEnded;
    record.end = *ended;
  } else if (const auto* running = std::get_if<pod_spec::StateRunning>(&known->state)) {
    record.phase = ContainerPhase::kRunning;  // until someone finds that it does not
    record.started_at_ns = nanoseconds(running->started_at.time_since_epoch()).count();
  } else if (record.last_end && !record.container_id.empty()) {
    // Waiting for its restart: the end that it waits after is shown as the last state.
    record.phase = ContainerPhase::kEnded;
    record.end = std::exchange(record.last_end, std::nullopt);
  }
  return record;
}

}  // namespace

std::vector<ContainerRecord> MakeRecords(const pod_spec::PodSpec& spec,
                                         const pod_spec::PodStatus& status) {
  std::vector<ContainerRecord> records;
  for (const pod_spec::Container& container : spec.init_containers) {
    const auto kind = container.restart_always ? ContainerKind::kSidecar : ContainerKind::kInit;
    records.push_back(MakeRecord(container, kind, status.init_container_statuses));
  }
  for (const pod_spec::Container& container : spec.containers)
    records.push_back(MakeRecord(container, ContainerKind::kRegular, status.container_statuses));
  return records;
}

const pod_spec::Container* FindContainer(const pod_spec::PodSpec& spec, const std::string& name) {
  for (const auto* list : {&spec.init_containers, &spec.containers}) {
    for (const pod_spec::Container& container : *list) {
      if (container.name == name) return &container;
    }
  }
  return nullptr;
}

std::string ShownId(const std::string& container_id) {
  return container_id.empty() ? std::string() : StrCat(kScheme, container_id);
}

std::string BareId(const std::string& shown) {
  return shown.starts_with(kScheme) ? shown.substr(kScheme.size()) : shown;
}

pod_spec::StateTerminated ToTerminated(const keeper_client::ExitRecord& exit, std::string message) {
  pod_spec::StateTerminated end;
  constexpr int kSignalBase = 128;
  end.exit_code = exit.signal != 0 ? kSignalBase + exit.signal : exit.code;
  end.signal = exit.signal;
  end.reason = exit.oom_killed ? "OOMKilled" : (end.exit_code == 0 ? "Completed" : "Error");
  end.message = std::move(message);
  end.started_at = ToTime(exit.started_at_ns);
  end.finished_at = ToTime(exit.finished_at_ns);
  end.container_id = ShownId(exit.container_id);
  return end;
}

pod_spec::StateTerminated UnknownEnd(const ContainerRecord& record) {
  pod_spec::StateTerminated end;
  end.exit_code = 137;  // the API demands a number; the reason says that it is none
  end.reason = "ContainerStatusUnknown";
  end.message = "the container's keeper is gone, and nobody recorded how the container ended";
  end.started_at = ToTime(record.started_at_ns);
  end.finished_at = pod_spec::NowTime();
  end.container_id = ShownId(record.container_id);
  return end;
}

void End(ContainerRecord& record, pod_spec::StateTerminated end, const BackoffRule& rule,
         SteadyTime now) {
  record.phase = ContainerPhase::kEnded;
  record.last_end = std::move(record.end);
  const auto lasted = end.started_at && end.finished_at
                          ? duration_cast<milliseconds>(*end.finished_at - *end.started_at)
                          : milliseconds(0);
  record.end = std::move(end);
  (void)record.backoff.Fail(rule, now, lasted);  // asked for again by WaitUntil
}

}  // namespace caisson::pods
