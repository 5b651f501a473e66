// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/pod_worker.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "agent/pods/container_starter.h"
#include "agent/pods/status.h"
#include "runtime/base/log.h"

namespace caisson::pods {
namespace {

using std::chrono::milliseconds;

constexpr std::chrono::seconds kSignalLimit{10};

pod_spec::PodStatus StatusIn(const nlohmann::json& document) {
  const auto status = document.find("status");
  return status == document.end() ? pod_spec::PodStatus{} : pod_spec::DecodePodStatus(*status);
}

std::optional<pod_spec::PodPhase> FinishedPhase(const pod_spec::PodStatus& status) {
  const bool finished =
      status.phase == pod_spec::PodPhase::kSucceeded || status.phase == pod_spec::PodPhase::kFailed;
  return finished ? std::optional(status.phase) : std::nullopt;
}

}  // namespace

PodWorker::PodWorker(Node& node, const store::Object& object, bool adopt)
    : node_(node),
      key_(object.key),
      uid_(object.uid),
      pod_(object.pod),
      adopt_(adopt),
      sandbox_(node, *object.pod) {
  if (!adopt) {
    sandbox_.BeginAnew();
    first_seen_ = SteadyTime::clock::now();
  }
  published_ = StatusIn(*object.document);
  records_ = MakeRecords(pod_->spec, published_);
  finished_ = FinishedPhase(published_);
  start_time_ = published_.start_time;
  pod_ips_ = published_.pod_ips;
  PublishView();
}

void PodWorker::Exited(const keeper_client::ExitRecord& exit) {
  const std::lock_guard lock(mutex_);
  inbox_.exits.push_back(exit);
}

void PodWorker::KeeperLost() {
  const std::lock_guard lock(mutex_);
  inbox_.keeper_lost = true;
}

PodWorker::View PodWorker::view() const {
  const std::lock_guard lock(mutex_);
  return view_;
}

PodWorker::Next PodWorker::Sync() {
  const bool wanted = LoadDesired();
  // A keeper that cannot be taken over can be taken down all the same.
  if (Status adopted = AdoptOnce(); !adopted && wanted) return RetryLater(adopted.error());
  TakeInbox();
  if (!wanted) return SyncDeleted();
  if (finished_) return SyncFinished();
  return SyncAlive();
}

void PodWorker::Adopt() {
  (void)LoadDesired();
  if (const Status adopted = AdoptOnce(); !adopted) {
    Log(LogLevel::kWarning, adopted.error().ToString(), {{"pod", key_.name}});
    return;
  }
  Publish();
}

// Whether the pod is to be there.
bool PodWorker::LoadDesired() {
  const auto object = node_.store.Get(key_);
  in_store_ = object && object->uid == uid_;
  if (in_store_) pod_ = object->pod;
  return in_store_ && !pod_->metadata.deletion_timestamp;
}

PodWorker::Next PodWorker::SyncAlive() {
  if (!start_time_) {
    start_time_ = pod_spec::NowTime();
    Tell("Normal", "Scheduled",
         StrCat("Successfully assigned ", key_.ns, "/", key_.name, " to ", node_.config.node_name));
  }
  if (Status up = EnsureSandbox(); !up) {
    Publish();
    return {.wake = sandbox_backoff_.WaitUntil(SteadyTime::clock::now())};
  }
  failed_rounds_ = 0;
  Decision decision = Decide(pod_->spec, records_, SteadyTime::clock::now());
  if (!decision.start.empty()) {
    StartAll(decision);
    decision = Decide(pod_->spec, records_, SteadyTime::clock::now());
  }
  finished_ = decision.finished;
  Publish();
  RemoveEnded();
  RemoveObsolete();
  if (finished_) return SyncFinished();
  // What could be started at once failed or became startable meanwhile: another round.
  if (!decision.start.empty()) return {.wake = SteadyTime::clock::now()};
  return {.wake = decision.wake};
}

Status PodWorker::EnsureSandbox() {
  if (sandbox_.up()) return Ok();
  const auto now = SteadyTime::clock::now();
  if (sandbox_backoff_.WaitUntil(now))
    return Error(Code::kWrongState, "waiting before the next attempt");
  // A new sandbox begins anew with what prepares it.
  for (ContainerRecord& record : records_) {
    if (record.kind == ContainerKind::kRegular || record.phase != ContainerPhase::kEnded) continue;
    record.last_end = std::move(record.end);
    record.end.reset();
    record.phase = ContainerPhase::kWaiting;
  }
  Status made = Measured(node_, "create_sandbox", [&] { return sandbox_.SetUp(*pod_); });
  if (made) {
    pod_ips_ = sandbox_.pod_ips();
    sandbox_failure_.reset();
    sandbox_backoff_.Reset();
    return made;
  }
  (void)sandbox_backoff_.Fail(node_.config.image_backoff, now, milliseconds(0), false);
  sandbox_failure_ = StartFailure{"FailedCreatePodSandBox", made.error().ToString()};
  Tell("Warning", "FailedCreatePodSandBox",
       StrCat("Failed to create pod sandbox: ", made.error().ToString()));
  return made;
}

void PodWorker::StartAll(const Decision& decision) {
  for (const std::size_t index : decision.start) StartOne(records_[index]);
}

void PodWorker::StartOne(ContainerRecord& record) {
  const pod_spec::Container* const container = FindContainer(pod_->spec, record.name);
  if (container != nullptr) record.image = container->image;
  const std::uint32_t attempt = record.NextAttempt();
  const auto begin = SteadyTime::clock::now();
  auto outcome = StartContainer(node_, *pod_, sandbox_, record);
  const auto now = SteadyTime::clock::now();
  const bool went_well = std::holds_alternative<Started>(outcome);
  if (node_.hooks.operation) node_.hooks.operation("start_container", now - begin, went_well);
  if (went_well && attempt > 0 && node_.hooks.container_restarted)
    node_.hooks.container_restarted();
  if (auto* started = std::get_if<Started>(&outcome)) {
    Tell("Normal", "Pulled",
         StrCat("Container image \"", record.image, "\" already present on machine"), record.name);
    Tell("Normal", "Created", StrCat("Created container: ", record.name), record.name);
    Tell("Normal", "Started", StrCat("Started container ", record.name), record.name);
    if (record.end) record.last_end = std::move(record.end);
    record.end.reset();
    record.failure.reset();
    record.phase = ContainerPhase::kRunning;
    if (!record.container_id.empty()) obsolete_.push_back(record.container_id);
    record.container_id = started->container_id;
    record.image_id = started->image_id;
    record.attempt = attempt;
    record.started_at_ns = started->started_at_ns;
    RemoveOldLogs(node_.config, pod_->metadata, record.name, attempt);
    return;
  }
  const auto& failed = std::get<StartError>(outcome);
  Tell("Warning", "Failed", StrCat("Error: ", failed.message), record.name);
  if (failed.step != StartStep::kRun) {
    record.failure = StartFailure{failed.reason, failed.message};
    (void)record.backoff.Fail(node_.config.image_backoff, now, milliseconds(0), false);
    return;
  }
  // It existed for a moment: an end like any other, so the restart policy counts.
  pod_spec::StateTerminated end;
  end.exit_code = 128;
  end.reason = "StartError";
  end.message = failed.message;
  end.finished_at = pod_spec::NowTime();
  end.container_id = ShownId(failed.container_id);
  record.container_id = failed.container_id;
  record.attempt = attempt;
  End(record, std::move(end), node_.config.restart_backoff, now);
  record.failure = StartFailure{failed.reason, failed.message};
}

void PodWorker::RemoveEnded() {
  std::vector<std::string> left;
  for (const std::string& id : ended_) {
    if (Status removed = RemoveContainer(node_, sandbox_, id); !removed) {
      Log(LogLevel::kWarning, removed.error().ToString(), {{"pod", key_.name}});
      left.push_back(id);
    }
  }
  ended_ = std::move(left);
}

// The status now shows these ends as last states.
void PodWorker::RemoveObsolete() {
  for (const std::string& id : obsolete_) {
    const std::string path =
        StrCat(sandbox_.paths().data, "/", keeper_client::kExitsName, "/", id, ".json");
    (void)::unlink(path.c_str());  // one that stays is only read once more
  }
  obsolete_.clear();
}

void PodWorker::TellEnded(const std::string& container_id) const {
  if (!node_.hooks.container_ended) return;
  for (const ContainerRecord& record : records_) {
    if (record.container_id != container_id) continue;
    node_.hooks.container_ended({.pod = pod_->metadata,
                                 .name = record.name,
                                 .image = record.image,
                                 .container_id = record.container_id,
                                 .cgroup = StrCat(sandbox_.paths().cgroup, "/", container_id),
                                 .oom_killed = record.end && record.end->reason == "OOMKilled",
                                 .started_at_ns = record.started_at_ns});
  }
}

PodWorker::Next PodWorker::SyncFinished() {
  Publish();
  if (sandbox_.left_over()) {
    if (Status stopped = sandbox_.Stop(); !stopped) return RetryLater(stopped.error());
  }
  ended_.clear();
  PublishView();
  return {};
}

PodWorker::Next PodWorker::SyncDeleted() {
  const auto now = SteadyTime::clock::now();
  const bool runs = sandbox_.has_keeper() &&
                    std::any_of(records_.begin(), records_.end(), [](const ContainerRecord& r) {
                      return r.phase == ContainerPhase::kRunning;
                    });
  // A later request may shorten the grace, so it is asked for anew each time.
  kill_at_ = now + GraceLeft();
  if (runs && !signalled_) {
    for (const ContainerRecord& record : records_) {
      if (record.phase == ContainerPhase::kRunning)
        Tell("Normal", "Killing", StrCat("Stopping container ", record.name), record.name);
    }
    if (kill_at_ > now) SignalAll();
    signalled_ = true;
  }
  if (runs && kill_at_ > now) {
    Publish();
    return {.wake = kill_at_};
  }
  if (Status removed = Measured(node_, "remove_pod", [&] { return sandbox_.Remove(); }); !removed)
    return RetryLater(removed.error());
  if (in_store_) {
    if (Status forgotten = node_.store.Remove(key_, uid_); !forgotten)
      return RetryLater(forgotten.error());
  }
  return {.gone = true};
}

std::chrono::milliseconds PodWorker::GraceLeft() const {
  if (!in_store_ || !pod_->metadata.deletion_timestamp) return milliseconds(0);
  const auto left = *pod_->metadata.deletion_timestamp - std::chrono::system_clock::now();
  return std::max(std::chrono::duration_cast<milliseconds>(left), milliseconds(0));
}

void PodWorker::SignalAll() {
  for (const ContainerRecord& record : records_) {
    if (record.phase != ContainerPhase::kRunning) continue;
    const Status sent = sandbox_.keeper().Signal(
        {.container_id = record.container_id, .signal = StopSignalOf(node_, *pod_, record)},
        Deadline::After(kSignalLimit));
    // One that has just ended is what was asked for.
    if (!sent && sent.error().code() != Code::kWrongState)
      Log(LogLevel::kWarning, sent.error().ToString(), {{"pod", key_.name}});
  }
}

PodWorker::Next PodWorker::RetryLater(const Error& error) {
  constexpr milliseconds kFirst{200};
  constexpr int kMaxDoublings = 6;
  Log(LogLevel::kWarning, error.ToString(), {{"namespace", key_.ns}, {"pod", key_.name}});
  const int doublings = std::min(failed_rounds_++, kMaxDoublings);
  return {.wake = SteadyTime::clock::now() + kFirst * (1 << doublings)};
}

void PodWorker::Publish() {
  StatusFacts facts{.host_ips = node_.config.host_ips,
                    .pod_ips = pod_->spec.host_network ? node_.config.host_ips : pod_ips_,
                    .start_time = start_time_,
                    .finished = finished_,
                    .reason = {},
                    .message = {}};
  if (!IsInitialized(records_)) facts.waiting_reason = "PodInitializing";
  if (!sandbox_.up() && sandbox_failure_) facts.message = sandbox_failure_->message;
  pod_spec::PodStatus status =
      MakeStatus(*pod_, records_, facts, published_, SteadyTime::clock::now());
  PublishView();
  if (!in_store_ || pod_spec::EncodePodStatus(status) == pod_spec::EncodePodStatus(published_))
    return;
  const Status written = node_.store.UpdateStatus(key_.ns, key_.name, uid_, status);
  if (!written && written.error().code() != Code::kNotFound) {
    Log(LogLevel::kError, written.error().ToString(), {{"pod", key_.name}});
    return;
  }
  const bool runs = status.phase == pod_spec::PodPhase::kRunning;
  if (runs && first_seen_ && node_.hooks.pod_started)
    node_.hooks.pod_started(SteadyTime::clock::now() - *first_seen_);
  if (runs) first_seen_.reset();
  published_ = std::move(status);
}

void PodWorker::PublishView() {
  View view{.ns = key_.ns,
            .name = key_.name,
            .uid = uid_,
            .cgroup = sandbox_.paths().cgroup,
            .pod_ips = pod_ips_,
            .containers = records_};
  if (sandbox_.has_keeper()) {
    view.keeper_pid = sandbox_.keeper().info().host_pid;
    view.net_inode = pod_->spec.host_network ? 0 : sandbox_.keeper().info().net_inode;
  }
  const std::lock_guard lock(mutex_);
  view_ = std::move(view);
}

void PodWorker::Tell(const std::string& type, const std::string& reason, const std::string& message,
                     const std::string& container) const {
  node_.store.RecordEvent(
      {.ns = key_.ns,
       .involved_name = key_.name,
       .involved_uid = uid_,
       .field_path = container.empty() ? "" : StrCat("spec.containers{", container, "}"),
       .type = type,
       .reason = reason,
       .message = message});
}

}  // namespace caisson::pods
