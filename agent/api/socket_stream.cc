// SPDX-License-Identifier: Apache-2.0
#include "agent/api/socket_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "runtime/base/deadline.h"

namespace caisson::api {
namespace {

constexpr int kIdleMs = 120'000;    // between two requests
constexpr int kStalledMs = 30'000;  // inside one
constexpr std::size_t kBufferBytes = std::size_t{16} << 10;

}  // namespace

bool SocketStream::WaitForRequest() {
  if (at_ < buffer_.size()) return true;
  pollfd fds[] = {{socket_.get(), POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  const Deadline deadline = Deadline::After(std::chrono::milliseconds(kIdleMs));
  while (!deadline.passed()) {
    if (::poll(fds, 2, deadline.PollTimeoutMs()) < 0) continue;  // EINTR
    if (fds[1].revents != 0) return false;
    if (fds[0].revents == 0) continue;
    char next = 0;
    return ::recv(socket_.get(), &next, 1, MSG_PEEK) == 1;
  }
  return false;
}

bool SocketStream::WaitReadable(int timeout_ms) const {
  pollfd waiting{socket_.get(), POLLIN, 0};
  const Deadline deadline = Deadline::After(std::chrono::milliseconds(timeout_ms));
  while (!deadline.passed()) {
    if (::poll(&waiting, 1, deadline.PollTimeoutMs()) > 0) return true;
  }
  return false;
}

bool SocketStream::is_writable() const {
  pollfd state{socket_.get(), POLLRDHUP, 0};
  return ::poll(&state, 1, 0) == 0;
}

ssize_t SocketStream::read(char* to, std::size_t size) {
  if (at_ == buffer_.size()) {
    if (!WaitReadable(kStalledMs)) return -1;
    buffer_.resize(kBufferBytes);
    at_ = 0;
    const ssize_t got = TEMP_FAILURE_RETRY(::recv(socket_.get(), buffer_.data(), kBufferBytes, 0));
    buffer_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    if (got <= 0) return got;
  }
  const std::size_t taken = std::min(size, buffer_.size() - at_);
  std::memcpy(to, buffer_.data() + at_, taken);
  at_ += taken;
  return static_cast<ssize_t>(taken);
}

ssize_t SocketStream::write(const char* from, std::size_t size) {
  std::size_t sent = 0;
  while (sent < size) {
    const ssize_t part = ::send(socket_.get(), from + sent, size - sent, MSG_NOSIGNAL);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return -1;  // SO_SNDTIMEO: a client that reads nothing for long is gone
    sent += static_cast<std::size_t>(part);
  }
  return static_cast<ssize_t>(sent);
}

void SocketStream::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

void SocketStream::get_local_ip_and_port(std::string& ip, int& port) const {
  ip.clear();
  port = 0;
}

}  // namespace caisson::api
