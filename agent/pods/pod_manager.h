// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/pods/node.h"
#include "agent/pods/pod_worker.h"
#include "agent/pods/work_queue.h"
#include "agent/store/store.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::pods {

// Sees to it that the pods of the store run: one worker per pod (by uid), woken by changes of the
// store, events of keepers and timers. Thread-safe.
class PodManager {
 public:
  // Starts the keepers' nursery, takes over the pods of an earlier agent, clears away what belongs
  // to no pod any more, and begins to follow the store.
  // Errors: the nursery's. A pod that cannot be taken over is tried again, and holds nobody up.
  static Result<std::unique_ptr<PodManager>> Start(PodsConfig config, store::Store& store,
                                                   image::Store& images,
                                                   network::PodNetwork& network, Hooks hooks);
  PodManager(const PodManager&) = delete;
  PodManager& operator=(const PodManager&) = delete;
  // Stops working; pods and keepers live on.
  ~PodManager();

  // All pods with something on this node.
  std::vector<PodWorker::View> Views() const;

 private:
  PodManager(PodsConfig config, store::Store& store, image::Store& images,
             network::PodNetwork& network, Hooks hooks);
  Status Begin();
  void AdoptAll(const store::List& list);
  void RemoveOrphans(const store::List& list);
  void Reconcile();
  void Follow();
  void Seen(const store::Object& object);
  void Work(const std::string& uid);
  std::shared_ptr<PodWorker> Find(const std::string& uid) const;

  Node node_;
  mutable std::mutex mutex_;
  std::map<std::string, std::shared_ptr<PodWorker>> workers_;
  std::unique_ptr<store::Subscription> changes_;
  UniqueFd stop_;  // eventfd
  std::unique_ptr<WorkQueue> queue_;
  std::thread follower_;
};

// Removes everything of all pods that are found under the configuration's directories, and the
// cgroups of this agent: what is done when nothing is to stay. No agent may be running.
Status RemoveEverything(const PodsConfig& config);

}  // namespace caisson::pods
