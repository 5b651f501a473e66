// SPDX-License-Identifier: Apache-2.0
#include "agent/store/feed.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

#include "agent/pod_spec/document.h"

namespace caisson::store {

Subscription::~Subscription() { feed_->Leave(this); }

Result<std::vector<Change>> Subscription::Take(std::size_t max) {
  CAISSON_ASSIGN(const auto held, feed_->ReadAfter(*this, max));
  std::vector<Change> changes;
  changes.reserve(held.size());
  for (const Feed::Held& one : held) {
    CAISSON_ASSIGN(Change change, Feed::Restore(one));
    changes.push_back(std::move(change));
  }
  return changes;
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

void Feed::Publish(const Change& change) {
  const Object& object = change.object;
  const std::lock_guard lock(mutex_);
  ring_.push_back({change.type, change.resource_version, object.key, object.uid, object.text,
                   change.previous, object.document, object.pod});
  bytes_ += object.text->size();
  while (ring_.size() > limits_.changes || (bytes_ > limits_.bytes && ring_.size() > 1)) {
    floor_ = ring_.front().resource_version;
    bytes_ -= ring_.front().text->size();
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

Result<Change> Feed::Restore(const Held& held) {
  Change change{held.type, held.resource_version, {}, held.previous};
  change.object = {held.key,  held.uid,       held.resource_version, held.document.lock(),
                   held.text, held.pod.lock()};
  if (change.object.document == nullptr) {
    CAISSON_ASSIGN(pod_spec::ParsedDocument parsed, pod_spec::ParseJson(*held.text), "watch feed");
    change.object.document = std::move(parsed.value);
  }
  if (change.object.pod == nullptr && held.key.kind == Kind::kPod) {
    CAISSON_ASSIGN(pod_spec::Pod pod, pod_spec::DecodePod(change.object.document), "watch feed");
    change.object.pod = std::make_shared<const pod_spec::Pod>(std::move(pod));
  }
  return change;
}

Result<std::vector<Feed::Held>> Feed::ReadAfter(Subscription& reader, std::size_t max) {
  const std::lock_guard lock(mutex_);
  if (reader.position_ < floor_)
    return Error(Code::kWrongState, StrCat("too old resource version: ", reader.position_,
                                           " (oldest held: ", floor_, ")"));
  auto next = std::upper_bound(
      ring_.begin(), ring_.end(), reader.position_,
      [](std::uint64_t position, const Held& c) { return position < c.resource_version; });
  std::vector<Held> changes;
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
