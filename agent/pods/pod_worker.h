// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/pod_spec/pod_status.h"
#include "agent/pods/container_record.h"
#include "agent/pods/decide.h"
#include "agent/pods/node.h"
#include "agent/pods/sandbox.h"
#include "agent/store/object.h"

namespace caisson::pods {

// One pod's way from wanted to gone. Level-triggered: Sync looks at what the store wants and at
// what is there, does what is missing, and writes the status back; it can be called at any time and
// any number of times. Events only say that a look is worth while.
// Sync by one thread at a time; Exited and KeeperLost from any.
class PodWorker {
 public:
  // `object` as the store has it now. `adopt`: an earlier agent may have left something of it.
  PodWorker(Node& node, const store::Object& object, bool adopt);
  PodWorker(const PodWorker&) = delete;
  PodWorker& operator=(const PodWorker&) = delete;
  ~PodWorker() = default;

  struct Next {
    std::optional<SteadyTime> wake;  // look again then, if nothing happens before
    bool gone = false;               // nothing is left of the pod, here and in the store
  };
  Next Sync();

  // Takes over what an earlier agent left, and tells how it is. Sync does it too; done before all
  // else, it lets the API show the truth from its first answer on.
  void Adopt();

  void Exited(const keeper_client::ExitRecord& exit);
  void KeeperLost();

  // What others may know of the pod, as of the last Sync. Thread-safe.
  struct View {
    std::string ns, name, uid;
    std::string cgroup;
    std::vector<std::string> pod_ips;
    int keeper_pid = 0;           // 0: no sandbox
    std::uint64_t net_inode = 0;  // 0: the host's network, or no sandbox
    std::vector<ContainerRecord> containers;
  };
  View view() const;

 private:
  // What is seen at the beginning of a round.
  struct Inbox {
    std::vector<keeper_client::ExitRecord> exits;
    bool keeper_lost = false;
  };

  bool LoadDesired();
  Status AdoptOnce();
  void TakeKeeperList(const std::vector<keeper_client::ContainerInfo>& list);
  void TakeExitFiles();
  void TakeInbox();
  void TakeExit(const keeper_client::ExitRecord& exit);
  void LoseContainers();
  Status EnsureSandbox();
  void StartAll(const Decision& decision);
  void StartOne(ContainerRecord& record);
  void RemoveEnded();
  void RemoveObsolete();
  void TellEnded(const std::string& container_id) const;

  Next SyncAlive();
  Next SyncFinished();
  Next SyncDeleted();
  void SignalAll();
  std::chrono::milliseconds GraceLeft() const;
  Next RetryLater(const Error& error);

  void Publish();
  void PublishView();
  void Tell(const std::string& type, const std::string& reason, const std::string& message,
            const std::string& container = {}) const;

  Node& node_;
  const store::Key key_;
  const std::string uid_;
  std::shared_ptr<const pod_spec::Pod> pod_;
  bool in_store_ = true;
  bool adopt_;

  Sandbox sandbox_;
  std::vector<ContainerRecord> records_;
  std::vector<std::string> ended_;     // container ids whose remains are still to be removed
  std::vector<std::string> obsolete_;  // container ids whose exit records nobody needs any more
  std::optional<pod_spec::PodPhase> finished_;
  std::optional<pod_spec::Time> start_time_;
  std::vector<std::string> pod_ips_;  // kept when the sandbox of a finished pod is gone
  pod_spec::PodStatus published_;
  std::optional<SteadyTime> first_seen_;  // of a new pod, until it runs
  Backoff sandbox_backoff_;
  std::optional<StartFailure> sandbox_failure_;

  bool signalled_ = false;  // deletion has begun: containers were asked to end
  SteadyTime kill_at_{};    // when they are killed
  int failed_rounds_ = 0;

  mutable std::mutex mutex_;
  Inbox inbox_;
  View view_;
};

}  // namespace caisson::pods
