// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/process.h"
#include "runtime/spec/config.h"
#include "runtime/state/directory.h"

namespace caisson::container {

// NOTIFY_SOCKET of the service manager, passed on to a container: the container gets a directory of
// its own with a socket, never the manager's, and what it says to be ready is passed on in our
// name. Source: sd_notify(3); runc's handling of it.

// Makes the directory beside the state and puts its mount and the variable into the configuration.
Status AddNotifySocket(const state::Directory& directory, const std::string& state_path,
                       spec::Config& config);

// The relay, for as long as it takes the container to be ready. Thread-compatible.
class NotifyRelay {
 public:
  // Binds the container's end; before the program runs. Nothing to relay when there is no
  // directory.
  static Result<NotifyRelay> Bind(const state::Directory& directory, std::string host_socket);

  // To poll; -1 when there is nothing to relay (any more).
  int fd() const { return socket_.get(); }
  // One message: READY=1 is passed on with MAINPID, and that ends the relay.
  Status Take(pid_t main_pid);
  // Until it has, or until the process has ended.
  Status AwaitReady(const Pidfd& process);

 private:
  NotifyRelay(UniqueFd socket, std::string host_socket)
      : socket_(std::move(socket)), host_socket_(std::move(host_socket)) {}
  Status PassOn(pid_t main_pid) const;

  UniqueFd socket_;
  std::string host_socket_;
};

}  // namespace caisson::container
