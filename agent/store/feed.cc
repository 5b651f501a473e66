// SPDX-License-Identifier: Apache-2.0
#include "agent/store/feed.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace caisson::store {

Subscription::~Subscription() { feed_->Leave(this); }

Result<std::vector<Change>> Subscription::Take(std::size_t max) {
  return feed_->ReadAfter(*this, max);
}

Result<std::vector<Change>> Subscription::Wait(Deadline deadline, std::size_t max) {
  for (;;) {
    CAISSON_ASSIGN(std::vector<Change> changes, Take(max));
    if (!changes.empty() || deadline.passed()) return changes;
    pollfd waiting{event_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, deadline.PollTimeoutMs()) < 0 && errno != EINTR)
      return SysError("poll", "watch feed");
  }
}

void Feed::Publish(Change change) {
  const std::lock_guard lock(mutex_);
  ring_.push_back(std::move(change));
  if (ring_.size() > capacity_) {
    floor_ = ring_.front().resource_version;
    ring_.pop_front();
  }
  const std::uint64_t one = 1;
  for (const Subscription* reader : readers_) {
    // EAGAIN would mean 2^64 - 2 unread wake-ups; the reader is awake then anyway.
    (void)!::write(reader->event_.get(), &one, sizeof one);
  }
}

Result<std::unique_ptr<Subscription>> Feed::Subscribe(std::uint64_t after) {
  UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.valid()) return SysError("eventfd", "watch feed");
  const std::lock_guard lock(mutex_);
  if (after < floor_)
    return Error(Code::kWrongState,
                 StrCat("too old resource version: ", after, " (oldest held: ", floor_, ")"));
  std::unique_ptr<Subscription> reader(
      new Subscription(shared_from_this(), std::move(event), after));
  readers_.push_back(reader.get());
  if (!ring_.empty() && ring_.back().resource_version > after) {
    const std::uint64_t one = 1;
    (void)!::write(reader->event_.get(), &one, sizeof one);
  }
  return reader;
}

Result<std::vector<Change>> Feed::ReadAfter(Subscription& reader, std::size_t max) {
  const std::lock_guard lock(mutex_);
  if (reader.position_ < floor_)
    return Error(Code::kWrongState, StrCat("too old resource version: ", reader.position_,
                                           " (oldest held: ", floor_, ")"));
  auto next = std::upper_bound(
      ring_.begin(), ring_.end(), reader.position_,
      [](std::uint64_t position, const Change& c) { return position < c.resource_version; });
  std::vector<Change> changes;
  for (; next != ring_.end() && changes.size() < max; ++next) changes.push_back(*next);
  if (!changes.empty()) reader.position_ = changes.back().resource_version;
  if (next == ring_.end()) {
    // Under the lock, so that no wake-up between the read above and this one is lost.
    std::uint64_t count = 0;
    (void)!::read(reader.event_.get(), &count, sizeof count);
  }
  return changes;
}

void Feed::Leave(const Subscription* reader) {
  const std::lock_guard lock(mutex_);
  std::erase(readers_, reader);
}

}  // namespace caisson::store
