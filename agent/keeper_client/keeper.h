// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/keeper_client/protocol.h"
#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/socket.h"

namespace caisson::keeper_client {

class Keepers;

// One pod's keeper, connected. Requests wait for their answer; the keeper works on one at a time.
// Thread-safe.
class Keeper {
 public:
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper() = default;

  const KeeperInfo& info() const { return info_; }
  const std::string& pod_uid() const { return pod_uid_; }
  // The pod's network namespace; not valid when the pod uses the host's.
  FdView netns() const { return netns_; }

  // Mounts of a container, by detached trees: its root, and sources by index in its mounts.
  struct Trees {
    FdView root;
    std::vector<std::pair<std::uint32_t, FdView>> sources;
  };
  // Errors of all: the keeper's own; kSystem ETIMEDOUT when it did not answer in time, ECONNRESET
  // when it is gone.
  Result<ContainerInfo> Create(CreateRequest request, const Trees& trees, Deadline deadline);
  Result<ContainerInfo> Start(const std::string& container_id, Deadline deadline);
  Status Signal(SignalRequest request, Deadline deadline);
  Status Remove(const std::string& container_id, Deadline deadline);
  Result<std::vector<ContainerInfo>> List(Deadline deadline);
  // Removes all containers and the pod's cgroup; then the keeper ends.
  Status StopPod(Deadline deadline);

  // Whether it left the last request unanswered beyond its deadline.
  bool silent() const;

  // Whether the connection has ended: the keeper died, was stopped, or cut us off.
  bool gone() const;

 private:
  friend class Keepers;
  struct Reply {
    Response response;
    std::vector<UniqueFd> fds;
  };

  Keeper(std::string pod_uid, UniqueFd socket)
      : pod_uid_(std::move(pod_uid)), socket_(std::move(socket)) {}

  Result<Reply> Call(decltype(Request::body) body, std::span<const int> fds, Deadline deadline);
  Status Hello(Deadline deadline);
  // By the event thread only.
  void Deliver(Response response, std::vector<UniqueFd> fds);
  void Lose();

  const std::string pod_uid_;
  const UniqueFd socket_;
  KeeperInfo info_;
  UniqueFd netns_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t last_seq_ = 0;
  std::map<std::uint64_t, std::optional<Reply>> waiting_;  // by seq, of callers that wait
  std::optional<Error> lost_;
  bool silent_ = false;
};

}  // namespace caisson::keeper_client
