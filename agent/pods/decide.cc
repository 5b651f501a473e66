// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/decide.h"

#include <algorithm>

namespace caisson::pods {
namespace {

using pod_spec::PodPhase;
using pod_spec::RestartPolicy;

bool Succeeded(const ContainerRecord& record) {
  return record.phase == ContainerPhase::kEnded && record.end && record.end->exit_code == 0;
}

bool HasDoneItsPart(const ContainerRecord& record) {
  switch (record.kind) {
    case ContainerKind::kInit: return Succeeded(record);
    // Once it has started; that it may be down for a moment later holds nobody up.
    case ContainerKind::kSidecar: return !record.container_id.empty() && !record.failure;
    case ContainerKind::kRegular: return true;
  }
  return true;
}

// Starts it now, or says when.
void StartOrWait(std::span<const ContainerRecord> records, std::size_t index, SteadyTime now,
                 Decision& decision) {
  const auto until = records[index].backoff.WaitUntil(now);
  if (!until) {
    decision.start.push_back(index);
  } else if (!decision.wake || *until < *decision.wake) {
    decision.wake = until;
  }
}

bool NeedsStart(const pod_spec::PodSpec& spec, const ContainerRecord& record) {
  if (record.phase == ContainerPhase::kRunning) return false;
  return record.phase == ContainerPhase::kWaiting || WantsRestart(spec, record);
}

// The phase of a pod none of whose regular containers runs or will run again.
std::optional<PodPhase> FinalPhase(const pod_spec::PodSpec& spec,
                                   std::span<const ContainerRecord> records) {
  bool all_succeeded = true;
  for (const ContainerRecord& record : records) {
    if (record.kind != ContainerKind::kRegular) continue;
    if (record.phase != ContainerPhase::kEnded || WantsRestart(spec, record)) return std::nullopt;
    all_succeeded = all_succeeded && Succeeded(record);
  }
  return all_succeeded ? PodPhase::kSucceeded : PodPhase::kFailed;
}

}  // namespace

bool WantsRestart(const pod_spec::PodSpec& spec, const ContainerRecord& record) {
  if (record.kind == ContainerKind::kSidecar) return true;
  if (record.kind == ContainerKind::kInit)
    return !Succeeded(record) && spec.restart_policy != RestartPolicy::kNever;
  switch (spec.restart_policy) {
    case RestartPolicy::kAlways: return true;
    case RestartPolicy::kOnFailure: return !Succeeded(record);
    case RestartPolicy::kNever: return false;
  }
  return false;
}

bool IsInitialized(std::span<const ContainerRecord> records) {
  return std::all_of(records.begin(), records.end(), HasDoneItsPart);
}

Decision Decide(const pod_spec::PodSpec& spec, std::span<const ContainerRecord> records,
                SteadyTime now) {
  Decision decision;
  for (std::size_t i = 0; i < records.size(); ++i) {
    const ContainerRecord& record = records[i];
    if (record.kind == ContainerKind::kRegular || HasDoneItsPart(record)) continue;
    // The first that is not done holds up all after it.
    const bool ended = record.phase == ContainerPhase::kEnded;
    if (ended && !WantsRestart(spec, record)) {
      decision.finished = PodPhase::kFailed;
    } else if (NeedsStart(spec, record)) {
      StartOrWait(records, i, now, decision);
    }
    return decision;
  }
  if (const auto phase = FinalPhase(spec, records)) {
    decision.finished = phase;
    return decision;
  }
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (records[i].kind != ContainerKind::kInit && NeedsStart(spec, records[i]))
      StartOrWait(records, i, now, decision);
  }
  return decision;
}

}  // namespace caisson::pods
