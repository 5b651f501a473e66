// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <httplib.h>

#include <string>

#include "runtime/base/fd.h"

namespace caisson::api {

// A connected socket as httplib wants it, with a buffer, bounded waits and no SIGPIPE.
// Thread-compatible: one owner at a time.
class SocketStream : public httplib::Stream {
 public:
  SocketStream(UniqueFd socket, int stop_fd) : socket_(std::move(socket)), stop_fd_(stop_fd) {}

  // Waits for the next request. False when the client closed, was idle for too long, or the server
  // stops.
  bool WaitForRequest();

  bool is_readable() const override { return true; }
  bool is_writable() const override;
  ssize_t read(char* to, std::size_t size) override;
  ssize_t write(const char* from, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_.get(); }
  int stop_fd() const { return stop_fd_; }

 private:
  bool WaitReadable(int timeout_ms) const;

  UniqueFd socket_;
  int stop_fd_;
  std::string buffer_;
  std::size_t at_ = 0;
};

}  // namespace caisson::api
