// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "agent/api/listen.h"
#include "agent/api/services.h"
#include "runtime/base/error.h"

namespace caisson::api {

// The REST API: listens, reads requests, answers them on a thread per connection. Thread-safe.
class Server {
 public:
  // Stores the node's object, takes the addresses and begins to answer.
  // Errors: those of Listen; EADDRINUSE as kSystem.
  static Result<std::unique_ptr<Server>> Start(Services services,
                                               std::vector<ListenAddress> addresses);
  // Stops.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Takes no more connections, ends watches and log streams, waits for requests under way.
  void Stop();

  // With the ports that were taken.
  const std::vector<ListenAddress>& addresses() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace caisson::api
