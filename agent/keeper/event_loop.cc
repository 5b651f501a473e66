// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/event_loop.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>

namespace caisson::keeper {

Result<std::unique_ptr<EventLoop>> EventLoop::Make() {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return SysError("epoll_create1", "event loop");
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll)));
}

Status EventLoop::Watch(FdView fd, std::uint32_t events, Handler handler) {
  // A number is used again soon after a close, so an event carries the generation it was meant for.
  const std::uint32_t generation = ++next_generation_;
  epoll_event event{};
  event.events = events;
  event.data.u64 = (std::uint64_t{generation} << 32) | static_cast<std::uint32_t>(fd.get());
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd.get(), &event) < 0)
    return SysError("epoll_ctl", StrCat("descriptor ", fd.get()));
  watched_[fd.get()] = {generation, std::make_shared<Handler>(std::move(handler))};
  return Ok();
}

void EventLoop::Unwatch(FdView fd) {
  if (watched_.erase(fd.get()) == 0) return;
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd.get(), nullptr);  // fails only when not there
}

void EventLoop::After(std::chrono::milliseconds delay, std::function<void()> action) {
  timers_.push_back({Deadline::After(delay), std::move(action)});
}

int EventLoop::NextTimeoutMs() const {
  int soonest = -1;
  for (const Timer& timer : timers_) {
    const int left = timer.due.PollTimeoutMs();
    if (soonest < 0 || left < soonest) soonest = left;
  }
  return soonest;
}

void EventLoop::RunTimers() {
  std::vector<Timer> due;
  const auto first_due = std::partition(timers_.begin(), timers_.end(),
                                        [](const Timer& timer) { return !timer.due.passed(); });
  std::move(first_due, timers_.end(), std::back_inserter(due));
  timers_.erase(first_due, timers_.end());
  for (const Timer& timer : due) timer.action();
}

Status EventLoop::Run() {
  while (!stopped_) {
    std::array<epoll_event, 16> events;
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), NextTimeoutMs());
    if (count < 0 && errno != EINTR) return SysError("epoll_wait", "event loop");
    for (int i = 0; i < count && !stopped_; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      const auto found = watched_.find(static_cast<int>(event.data.u64 & 0xFFFFFFFF));
      if (found == watched_.end() || found->second.generation != event.data.u64 >> 32) continue;
      const auto handler = found->second.handler;  // lives on should it unwatch itself
      (*handler)(event.events);
    }
    if (!stopped_) RunTimers();
  }
  return Ok();
}

}  // namespace caisson::keeper
