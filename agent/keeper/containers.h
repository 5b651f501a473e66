// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/keeper/container_output.h"
#include "agent/keeper/event_loop.h"
#include "agent/keeper_client/keeper_config.h"
#include "agent/keeper_client/protocol.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/process.h"
#include "runtime/container/lifecycle.h"

namespace caisson::keeper {

// The pod's containers, all children of this process: their lives, their output, their ends.
// Thread-compatible: one owner at a time.
class Containers {
 public:
  using OnExit = std::function<void(const keeper_client::ExitRecord&)>;

  // `on_exit` is told once the record is on disk. `loop` and `config` must outlive this object.
  Containers(const keeper_client::KeeperConfig& config, EventLoop& loop, OnExit on_exit);

  // `fds`: the root as a detached mount, then one tree per mount index; only borrowed.
  // Errors: kAlreadyExists; kInvalidSpec when descriptors and indexes do not match; the runtime's.
  Status Create(const keeper_client::CreateRequest& request, const std::vector<UniqueFd>& fds);
  // Errors: kNotFound; kWrongState; the runtime's.
  Status Start(const std::string& id);
  Status Signal(const keeper_client::SignalRequest& request);
  // Kills what is left of it and forgets it; an unknown id is success.
  // Errors: kSystem ETIMEDOUT when a process would not die; the container is then still known.
  Status Remove(const std::string& id);
  Status RemoveAll();

  std::vector<keeper_client::ContainerInfo> List() const;
  // Errors: kNotFound.
  Result<keeper_client::ContainerInfo> Info(const std::string& id) const;

  // Takes in the ends of all children that have ended: containers are recorded and told, orphans
  // that came to this process are just reaped. Call it on SIGCHLD.
  void ReapChildren();

 private:
  struct Container {
    keeper_client::ContainerInfo info;
    Pidfd init;
    std::unique_ptr<ContainerOutput> output;
  };

  Result<Container*> Find(const std::string& id);
  Status Launch(const keeper_client::CreateRequest& request, const std::vector<UniqueFd>& fds,
                Container& container);
  void TakeExit(Container& container);
  std::string CgroupOf(const std::string& id) const;

  const keeper_client::KeeperConfig& config_;
  EventLoop& loop_;
  OnExit on_exit_;
  container::Context runtime_;
  UniqueFd null_;
  std::map<std::string, Container> containers_;
};

}  // namespace caisson::keeper
