// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/pod_manager.h"

#include <dirent.h>
#include <poll.h>
#include <sys/eventfd.h>

#include <array>
#include <set>

#include "agent/pods/orphans.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"

namespace caisson::pods {

PodManager::PodManager(PodsConfig config, store::Store& store, image::Store& images,
                       network::PodNetwork& network, Hooks hooks)
    : node_{.config = std::move(config),
            .store = store,
            .images = images,
            .network = network,
            .keepers = nullptr,
            .hooks = std::move(hooks)},
      stop_(::eventfd(0, EFD_CLOEXEC)) {
  ReadNodeFacts(node_);
}

Result<std::unique_ptr<PodManager>> PodManager::Start(PodsConfig config, store::Store& store,
                                                      image::Store& images,
                                                      network::PodNetwork& network, Hooks hooks) {
  std::unique_ptr<PodManager> manager(
      new PodManager(std::move(config), store, images, network, std::move(hooks)));
  CAISSON_TRY(manager->Begin());
  return manager;
}

Status PodManager::Begin() {
  const PodsConfig& config = node_.config;
  CAISSON_TRY(MakeDirs(StrCat(config.run_dir, "/pods"), 0700));
  CAISSON_TRY(MakeDirs(StrCat(config.data_dir, "/pods"), 0700));
  CAISSON_TRY(MakeDirs(config.log_dir, 0755));
  keeper_client::Keepers::Callbacks callbacks;
  callbacks.exited = [this](const std::string& uid, const keeper_client::ExitRecord& exit) {
    if (const auto worker = Find(uid)) {
      worker->Exited(exit);
      queue_->Add(uid);
    }
  };
  callbacks.lost = [this](const std::string& uid) {
    if (const auto worker = Find(uid)) {
      worker->KeeperLost();
      queue_->Add(uid);
    }
  };
  queue_ = std::make_unique<WorkQueue>([this](const std::string& uid) { Work(uid); });
  CAISSON_ASSIGN(
      node_.keepers,
      keeper_client::Keepers::Open({.program = config.keeper_program,
                                    .cgroup_root = config.cgroup_root,
                                    .own_cgroup = StrCat(config.cgroup_parent, "/keepers"),
                                    .visible = {config.run_dir, config.data_dir, config.log_dir}},
                                   std::move(callbacks)),
      "keepers");
  CAISSON_ASSIGN(store::Store::Snapshot snapshot, node_.store.ListAndSubscribe(store::Kind::kPod));
  changes_ = std::move(snapshot.changes);
  RemoveOrphans(snapshot.list);
  AdoptAll(snapshot.list);
  queue_->Start(config.workers);
  follower_ = std::thread([this] { Follow(); });
  return Ok();
}

PodManager::~PodManager() {
  if (follower_.joinable()) {
    const std::uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);  // an eventfd takes it, or the thread is awake
    follower_.join();
  }
  if (queue_) queue_->Stop();
  node_.keepers.reset();
}

// All are taken over before any is worked on: until then no lease may be given back or away.
void PodManager::AdoptAll(const store::List& list) {
  {
    const std::lock_guard lock(mutex_);
    for (const store::Object& object : list.objects)
      workers_[object.uid] = std::make_shared<PodWorker>(node_, object, /*adopt=*/true);
  }
  for (const store::Object& object : list.objects) {
    if (const auto worker = Find(object.uid)) worker->Adopt();
    queue_->Add(object.uid);
  }
  Reconcile();
}

void PodManager::RemoveOrphans(const store::List& list) {
  std::set<std::string> wanted;
  for (const store::Object& object : list.objects) wanted.insert(object.uid);
  ClearOrphans(node_, wanted);
}

// Gives back the leases of pods that are gone, and the root filesystems of containers that are.
void PodManager::Reconcile() {
  std::vector<network::LivePod> live;
  std::set<std::string> containers;
  for (const PodWorker::View& view : Views()) {
    for (const ContainerRecord& record : view.containers) containers.insert(record.container_id);
    // A pod whose keeper did not answer yet has an inode of 0 and keeps its lease.
    network::LivePod pod{
        .pod_uid = view.uid, .netns_inode = view.net_inode, .addresses = {}, .ports = {}};
    for (const std::string& ip : view.pod_ips) {
      if (view.net_inode == 0) break;
      if (const auto address = network::IpAddress::Parse(ip)) pod.addresses.push_back(*address);
    }
    if (const auto known = node_.network.Find(view.uid)) pod.ports = known->ports;
    live.push_back(std::move(pod));
  }
  if (const auto report = node_.network.Reconcile(live); !report)
    Log(LogLevel::kWarning, report.error().ToString());
  for (const std::string& key : node_.images.ListSnapshots()) {
    if (containers.contains(key)) continue;
    if (const Status removed = node_.images.RemoveSnapshot(key); !removed)
      Log(LogLevel::kWarning, removed.error().ToString());
  }
}

void PodManager::Follow() {
  while (true) {
    std::array<pollfd, 2> entries = {pollfd{changes_->fd().get(), POLLIN, 0},
                                     pollfd{stop_.get(), POLLIN, 0}};
    if (::poll(entries.data(), entries.size(), -1) < 0) continue;
    if (entries[1].revents != 0) return;
    const auto changes = changes_->Take();
    if (changes) {
      for (const store::Change& change : *changes) {
        // Of its removal by its own worker, which is gone.
        const bool removed = change.type == store::ChangeType::kDeleted;
        if (!removed || Find(change.object.uid)) Seen(change.object);
      }
      continue;
    }
    // Too far behind: look at everything once more.
    auto snapshot = node_.store.ListAndSubscribe(store::Kind::kPod);
    if (!snapshot) return Log(LogLevel::kError, snapshot.error().ToString());
    changes_ = std::move(snapshot->changes);
    for (const store::Object& object : snapshot->list.objects) Seen(object);
    for (const PodWorker::View& view : Views()) queue_->Add(view.uid);
  }
}

void PodManager::Seen(const store::Object& object) {
  {
    const std::lock_guard lock(mutex_);
    auto& worker = workers_[object.uid];
    if (!worker) worker = std::make_shared<PodWorker>(node_, object, /*adopt=*/false);
  }
  queue_->Add(object.uid);
}

void PodManager::Work(const std::string& uid) {
  const auto worker = Find(uid);
  if (!worker) return;
  const PodWorker::Next next = worker->Sync();
  if (next.gone) {
    const std::lock_guard lock(mutex_);
    workers_.erase(uid);
  } else if (next.wake) {
    queue_->AddAt(uid, *next.wake);
  }
}

std::shared_ptr<PodWorker> PodManager::Find(const std::string& uid) const {
  const std::lock_guard lock(mutex_);
  const auto found = workers_.find(uid);
  return found == workers_.end() ? nullptr : found->second;
}

std::vector<PodWorker::View> PodManager::Views() const {
  std::vector<std::shared_ptr<PodWorker>> workers;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [uid, worker] : workers_) workers.push_back(worker);
  }
  std::vector<PodWorker::View> views;
  views.reserve(workers.size());
  for (const auto& worker : workers) views.push_back(worker->view());
  return views;
}

}  // namespace caisson::pods
