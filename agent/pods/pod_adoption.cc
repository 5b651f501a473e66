// SPDX-License-Identifier: Apache-2.0
// The part of PodWorker that takes in what happened outside of it: exits, lost keepers, and what an
// earlier agent left.
#include <dirent.h>

#include <algorithm>
#include <map>

#include "agent/pods/container_starter.h"
#include "agent/pods/pod_worker.h"
#include "runtime/base/file.h"
#include "runtime/base/log.h"

namespace caisson::pods {
namespace {

using keeper_client::ContainerInfo;
using keeper_client::ExitRecord;

constexpr std::chrono::seconds kListLimit{30};

// The newest exit record of each container name.
std::map<std::string, ExitRecord> ReadExits(const std::string& folder) {
  std::map<std::string, ExitRecord> newest;
  DIR* const dir = ::opendir(folder.c_str());
  if (dir == nullptr) return newest;
  while (const dirent* const entry = ::readdir(dir)) {
    const std::string name = entry->d_name;
    if (!name.ends_with(".json")) continue;
    const auto text = ReadFile(StrCat(folder, "/", name));
    const auto record =
        text ? keeper_client::ParseExitRecord(*text) : Result<ExitRecord>(text.error());
    if (!record) {
      Log(LogLevel::kWarning, record.error().ToString(), {{"file", name}});
      continue;
    }
    const auto known = newest.find(record->name);
    if (known == newest.end() || known->second.attempt < record->attempt)
      newest.insert_or_assign(record->name, *record);
  }
  ::closedir(dir);
  return newest;
}

}  // namespace

Status PodWorker::AdoptOnce() {
  if (!adopt_) return Ok();
  CAISSON_ASSIGN(const Sandbox::Found found, sandbox_.Adopt(*pod_), "adopt");
  if (found == Sandbox::Found::kKeeper) {
    CAISSON_ASSIGN(const auto list, sandbox_.keeper().List(Deadline::After(kListLimit)), "adopt");
    TakeKeeperList(list);
    pod_ips_ = sandbox_.pod_ips();
  }
  TakeExitFiles();
  // Who still counts as running and is known to no keeper ended unseen.
  if (found == Sandbox::Found::kKeeper) {
    for (ContainerRecord& record : records_) {
      if (record.phase != ContainerPhase::kRunning || record.adopted) continue;
      End(record, UnknownEnd(record), node_.config.restart_backoff, SteadyTime::clock::now());
    }
  } else {
    LoseContainers();
  }
  adopt_ = false;
  return Ok();
}

void PodWorker::TakeKeeperList(const std::vector<ContainerInfo>& list) {
  for (ContainerRecord& record : records_) {
    const ContainerInfo* newest = nullptr;
    for (const ContainerInfo& info : list) {
      if (info.name != record.name) continue;
      if (newest == nullptr || newest->attempt < info.attempt) newest = &info;
    }
    for (const ContainerInfo& info : list) {
      if (info.name == record.name && &info != newest) ended_.push_back(info.container_id);
    }
    if (newest == nullptr) continue;
    // One that was made and never started is of no use: it is made anew.
    if (newest->state == keeper_client::ContainerState::kCreated) {
      ended_.push_back(newest->container_id);
      continue;
    }
    if (record.container_id != newest->container_id && record.end)
      record.last_end = std::exchange(record.end, std::nullopt);
    record.container_id = newest->container_id;
    record.attempt = newest->attempt;
    record.started_at_ns = newest->started_at_ns;
    record.failure.reset();
    record.phase = ContainerPhase::kRunning;
    record.adopted = true;
    if (newest->exit) TakeExit(*newest->exit);
  }
}

// What the keepers wrote down is true, whoever has seen it or not.
void PodWorker::TakeExitFiles() {
  const auto exits = ReadExits(StrCat(sandbox_.paths().data, "/", keeper_client::kExitsName));
  for (ContainerRecord& record : records_) {
    const auto exit = exits.find(record.name);
    if (exit == exits.end()) continue;
    const bool newer = record.container_id.empty() || exit->second.attempt > record.attempt;
    if (newer && !record.adopted) {
      record.container_id = exit->second.container_id;
      record.attempt = exit->second.attempt;
      record.phase = ContainerPhase::kRunning;
    }
    if (record.container_id == exit->second.container_id) TakeExit(exit->second);
  }
}

void PodWorker::TakeInbox() {
  Inbox inbox;
  {
    const std::lock_guard lock(mutex_);
    std::swap(inbox, inbox_);
  }
  for (const ExitRecord& exit : inbox.exits) TakeExit(exit);
  if (!inbox.keeper_lost || !sandbox_.has_keeper() || !sandbox_.keeper().gone()) return;
  const bool was_up = sandbox_.up();
  sandbox_.LoseKeeper();
  TakeExitFiles();
  LoseContainers();
  if (finished_ || !was_up) return;
  Tell("Warning", "SandboxChanged", "the pod's keeper is gone; the pod is set up again");
  if (Status cleared = sandbox_.Stop(); !cleared)
    Log(LogLevel::kWarning, cleared.error().ToString(), {{"pod", key_.name}});
}

void PodWorker::TakeExit(const ExitRecord& exit) {
  const auto record =
      std::find_if(records_.begin(), records_.end(), [&](const ContainerRecord& each) {
        return each.container_id == exit.container_id && each.phase == ContainerPhase::kRunning;
      });
  if (record == records_.end()) return;  // of one that was given up, or told twice
  std::string message;
  if (const auto* container = FindContainer(pod_->spec, record->name))
    message = ReadTerminationMessage(node_, *pod_, *container, sandbox_, exit);
  End(*record, ToTerminated(exit, std::move(message)), node_.config.restart_backoff,
      SteadyTime::clock::now());
  ended_.push_back(exit.container_id);
  // Before the status tells of the end: whoever reads metrics then finds its last values.
  TellEnded(exit.container_id);
  if (WantsRestart(pod_->spec, *record) && record->backoff.delay().count() > 0)
    Tell("Warning", "BackOff",
         StrCat("Back-off restarting failed container ", record->name, " in pod ", key_.name, "_",
                key_.ns, "(", uid_, ")"),
         record->name);
}

void PodWorker::LoseContainers() {
  for (ContainerRecord& record : records_) {
    if (record.phase == ContainerPhase::kRunning)
      End(record, UnknownEnd(record), node_.config.restart_backoff, SteadyTime::clock::now());
  }
}

}  // namespace caisson::pods
