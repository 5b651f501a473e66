// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::keeper {

// One thread's epoll loop. Handlers run one at a time and may watch, unwatch and stop as they like,
// also what they are called for. Thread-compatible: one owner at a time.
class EventLoop {
 public:
  using Handler = std::function<void(std::uint32_t events)>;

  static Result<std::unique_ptr<EventLoop>> Make();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop() = default;

  // Calls `handler` whenever one of `events` (EPOLLIN...) is there. The descriptor stays the
  // caller's, who must unwatch it before closing it.
  Status Watch(FdView fd, std::uint32_t events, Handler handler);
  void Unwatch(FdView fd);

  // Calls `action` once, when `delay` has passed.
  void After(std::chrono::milliseconds delay, std::function<void()> action);

  // Until Stop. Errors: epoll_wait(2)'s.
  Status Run();
  void Stop() { stopped_ = true; }

 private:
  struct Watched {
    std::uint32_t generation;
    std::shared_ptr<Handler> handler;
  };
  struct Timer {
    Deadline due;
    std::function<void()> action;
  };

  explicit EventLoop(UniqueFd epoll) : epoll_(std::move(epoll)) {}
  int NextTimeoutMs() const;
  void RunTimers();

  UniqueFd epoll_;
  std::map<int, Watched> watched_;
  std::vector<Timer> timers_;
  std::uint32_t next_generation_ = 0;
  bool stopped_ = false;
};

}  // namespace caisson::keeper
