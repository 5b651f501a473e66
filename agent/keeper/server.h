// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "agent/keeper/event_loop.h"
#include "agent/keeper_client/protocol.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::keeper {

// An answer, with a descriptor to hand over beside it.
struct Answer {
  keeper_client::Response response;
  int fd = -1;  // borrowed; -1: none
};

// The keeper's side of its control socket: takes connections of its own user, decodes requests, has
// them answered one after the other, and tells all connections of events. A peer that does not read
// is cut off: it connects again and lists, and has missed nothing.
// Thread-compatible: one owner at a time.
class Server {
 public:
  using Serve = std::function<Answer(const keeper_client::Request&, const std::vector<UniqueFd>&)>;

  // Listens on `path` and takes `first` as a connection that is there already.
  // `loop` must outlive this object.
  static Result<std::unique_ptr<Server>> Open(EventLoop& loop, const std::string& path,
                                              UniqueFd first, Serve serve);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
  ~Server();

  void Tell(const keeper_client::ExitedEvent& event);

 private:
  Server(EventLoop& loop, UniqueFd listener, Serve serve)
      : loop_(loop), listener_(std::move(listener)), serve_(std::move(serve)) {}
  Status Adopt(UniqueFd connection);
  void Accept();
  void Receive(int fd);
  void Drop(int fd);

  EventLoop& loop_;
  UniqueFd listener_;
  Serve serve_;
  std::map<int, UniqueFd> connections_;
};

}  // namespace caisson::keeper
