// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/status.h"

#include <algorithm>

#include "agent/pods/decide.h"

namespace caisson::pods {
namespace {

using pod_spec::ContainerStatus;
using pod_spec::PodPhase;
using pod_spec::PodStatus;

pod_spec::Time FromNs(std::int64_t ns) {
  return pod_spec::Time(
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::nanoseconds(ns)));
}

pod_spec::StateWaiting BackingOff(const pod_spec::Pod& pod, const ContainerRecord& record) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(record.backoff.delay());
  return {.reason = "CrashLoopBackOff",
          .message = StrCat("back-off ", seconds.count(), "s restarting failed container=",
                            record.name, " pod=", pod.metadata.name, "_", pod.metadata.namespace_,
                            "(", pod.metadata.uid, ")")};
}

// A failed pull is told as such once; while nothing is tried it is a back-off.
pod_spec::StateWaiting AfterFailure(const ContainerRecord& record, SteadyTime now) {
  pod_spec::StateWaiting waiting{.reason = record.failure->reason,
                                 .message = record.failure->message};
  if (waiting.reason == "ErrImagePull" && record.backoff.WaitUntil(now))
    waiting = {.reason = "ImagePullBackOff",
               .message = StrCat("Back-off pulling image \"", record.image,
                                 "\": ", record.failure->message)};
  return waiting;
}

void SetState(const pod_spec::Pod& pod, const ContainerRecord& record, const StatusFacts& facts,
              SteadyTime now, ContainerStatus& status) {
  if (record.phase == ContainerPhase::kRunning) {
    status.state = pod_spec::StateRunning{FromNs(record.started_at_ns)};
    if (record.last_end) status.last_state = *record.last_end;
    status.ready = true;
    status.started = true;
    return;
  }
  status.started = false;
  if (record.phase == ContainerPhase::kEnded) {
    const bool again = !facts.finished && WantsRestart(pod.spec, record);
    if (!again) {
      status.state = *record.end;
      if (record.last_end) status.last_state = *record.last_end;
      status.ready = record.kind == ContainerKind::kInit && record.end->exit_code == 0;
      return;
    }
    status.last_state = *record.end;
    if (record.failure) {
      status.state = AfterFailure(record, now);
    } else {
      status.state = BackingOff(pod, record);
    }
    return;
  }
  if (record.last_end) status.last_state = *record.last_end;
  if (record.failure) {
    status.state = AfterFailure(record, now);
  } else {
    status.state = pod_spec::StateWaiting{.reason = facts.waiting_reason, .message = {}};
  }
}

ContainerStatus MakeContainerStatus(const pod_spec::Pod& pod, const ContainerRecord& record,
                                    const StatusFacts& facts, SteadyTime now) {
  ContainerStatus status;
  status.name = record.name;
  status.image = record.image;
  status.image_id = record.image_id;
  status.container_id = ShownId(record.container_id);
  status.restart_count = static_cast<std::int32_t>(record.attempt);
  SetState(pod, record, facts, now, status);
  return status;
}

PodPhase PhaseOf(std::span<const ContainerRecord> records, const StatusFacts& facts) {
  if (facts.finished) return *facts.finished;
  const bool waits = std::any_of(records.begin(), records.end(), [](const ContainerRecord& r) {
    return r.kind == ContainerKind::kRegular && r.phase == ContainerPhase::kWaiting && !r.last_end;
  });
  return waits || !IsInitialized(records) ? PodPhase::kPending : PodPhase::kRunning;
}

void AddCondition(PodStatus& status, const PodStatus& before, pod_spec::PodCondition condition) {
  const auto old = std::find_if(before.conditions.begin(), before.conditions.end(),
                                [&](const auto& c) { return c.type == condition.type; });
  const bool same = old != before.conditions.end() && old->status == condition.status;
  condition.last_transition_time = same ? old->last_transition_time : pod_spec::NowTime();
  status.conditions.push_back(std::move(condition));
}

void AddConditions(std::span<const ContainerRecord> records, const PodStatus& before,
                   PodStatus& status) {
  const bool initialized = IsInitialized(records);
  std::string unready;
  std::string uninitialized;
  for (const ContainerRecord& record : records) {
    const bool regular = record.kind == ContainerKind::kRegular;
    if (regular && record.phase != ContainerPhase::kRunning)
      unready.append(unready.empty() ? "" : " ").append(record.name);
    if (!regular && !IsInitialized(std::span(&record, 1)))
      uninitialized.append(uninitialized.empty() ? "" : " ").append(record.name);
  }
  const bool completed = status.phase == PodPhase::kSucceeded || status.phase == PodPhase::kFailed;
  pod_spec::PodCondition init{.type = "Initialized", .status = initialized ? "True" : "False"};
  if (!initialized) {
    init.reason = "ContainersNotInitialized";
    init.message = StrCat("containers with incomplete status: [", uninitialized, "]");
  }
  const bool ready = !completed && initialized && unready.empty();
  pod_spec::PodCondition all{.type = "Ready", .status = ready ? "True" : "False"};
  if (completed) {
    all.reason = status.phase == PodPhase::kSucceeded ? "PodCompleted" : "PodFailed";
  } else if (!ready) {
    all.reason = "ContainersNotReady";
    all.message = StrCat("containers with unready status: [", unready, "]");
  }
  AddCondition(status, before, std::move(init));
  AddCondition(status, before, all);
  all.type = "ContainersReady";
  AddCondition(status, before, std::move(all));
  AddCondition(status, before, {.type = "PodScheduled", .status = "True"});
}

}  // namespace

PodStatus MakeStatus(const pod_spec::Pod& pod, std::span<const ContainerRecord> records,
                     const StatusFacts& facts, const PodStatus& before, SteadyTime now) {
  PodStatus status;
  status.phase = PhaseOf(records, facts);
  status.reason = facts.reason;
  status.message = facts.message;
  status.host_ips = facts.host_ips;
  if (!facts.host_ips.empty()) status.host_ip = facts.host_ips.front();
  status.pod_ips = facts.pod_ips;
  status.start_time = facts.start_time;
  status.qos_class = pod_spec::QosClassOf(pod.spec);
  for (const ContainerRecord& record : records) {
    auto& list = record.kind == ContainerKind::kRegular ? status.container_statuses
                                                        : status.init_container_statuses;
    list.push_back(MakeContainerStatus(pod, record, facts, now));
  }
  AddConditions(records, before, status);
  return status;
}

}  // namespace caisson::pods
