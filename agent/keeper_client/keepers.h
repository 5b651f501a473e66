// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "agent/keeper_client/keeper.h"
#include "agent/keeper_client/keeper_config.h"
#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/process.h"

namespace caisson::keeper_client {

struct KeepersOptions {
  std::string program;      // caisson-keeper, absolute
  std::string cgroup_root;  // "/sys/fs/cgroup"
  std::string own_cgroup;   // of all keepers, outside the agent's: "/caisson/keepers"
  // Host directories that keepers must see at the same paths: run, data and log directories.
  std::vector<std::string> visible;
};

// All keepers that this agent is connected to, and the one thread that listens to them.
// Thread-safe.
class Keepers {
 public:
  // Called on the listening thread; must not block and must not call a keeper.
  struct Callbacks {
    std::function<void(const std::string& pod_uid, const ExitRecord&)> exited;
    std::function<void(const std::string& pod_uid)> lost;  // the connection has ended
  };

  // Starts the process that keepers are born from.
  // Errors: kNotFound without the program; what kept that process from coming up.
  static Result<std::unique_ptr<Keepers>> Open(KeepersOptions options, Callbacks callbacks);
  Keepers(const Keepers&) = delete;
  Keepers& operator=(const Keepers&) = delete;
  // Disconnects; keepers and their pods live on.
  ~Keepers();

  // Makes a pod's keeper. The pod's run and data directories must exist; the configuration is left
  // in the former. On failure nothing of it stays.
  // Errors: what kept it from being born.
  Result<std::shared_ptr<Keeper>> Spawn(const KeeperConfig& config, Deadline deadline);

  // Connects to the keeper of an earlier agent by its pod's run directory.
  // Errors: kNotFound or ECONNREFUSED when it is gone; kUnsupported when it is of another release;
  // kWrongState when it keeps another pod.
  Result<std::shared_ptr<Keeper>> Connect(const std::string& pod_uid,
                                          const std::string& pod_run_dir, Deadline deadline);

  // Kills the keeper that listens in a pod's run directory: for one that does not answer. Its
  // containers are nobody's children then. Nobody listening is success.
  Status Kill(const std::string& pod_run_dir);

 private:
  Keepers(KeepersOptions options, Callbacks callbacks, UniqueFd epoll, UniqueFd stop)
      : options_(std::move(options)),
        callbacks_(std::move(callbacks)),
        epoll_(std::move(epoll)),
        stop_(std::move(stop)) {}

  Status StartNursery();
  Status SendToNursery(std::string_view config, std::span<const int> fds);
  Result<std::shared_ptr<Keeper>> Adopt(const std::string& pod_uid, UniqueFd socket,
                                        Deadline deadline);
  void Listen();
  void Receive(int fd);
  void Forget(int fd, const std::shared_ptr<Keeper>& keeper);

  const KeepersOptions options_;
  const Callbacks callbacks_;
  const UniqueFd epoll_;
  const UniqueFd stop_;  // eventfd

  std::mutex nursery_mutex_;
  UniqueFd nursery_socket_;
  Pidfd nursery_;

  std::mutex mutex_;
  std::map<int, std::shared_ptr<Keeper>> by_fd_;

  std::thread listener_;
};

}  // namespace caisson::keeper_client
