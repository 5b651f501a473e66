// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "agent/store/object.h"
#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"

namespace caisson::store {

class Feed;

// One reader's place in a feed. Thread-compatible: one owner at a time.
class Subscription {
 public:
  ~Subscription();
  Subscription(const Subscription&) = delete;
  Subscription& operator=(const Subscription&) = delete;

  // Readable while changes wait; for poll(2) beside other descriptors. An eventfd.
  FdView fd() const { return event_; }

  // The next changes, oldest first; empty when there are none now.
  // Errors: kWrongState when the reader fell so far behind that changes were dropped: list again.
  Result<std::vector<Change>> Take(std::size_t max = 256);

  // Take, waiting until there is something or the deadline passes (then empty).
  Result<std::vector<Change>> Wait(Deadline deadline, std::size_t max = 256);

  // The resource version up to which this reader has seen everything.
  std::uint64_t position() const { return position_; }

 private:
  friend class Feed;
  Subscription(std::shared_ptr<Feed> feed, UniqueFd event, std::uint64_t position)
      : feed_(std::move(feed)), event_(std::move(event)), position_(position) {}
  std::shared_ptr<Feed> feed_;
  UniqueFd event_;
  std::uint64_t position_;
};

// The last changes of one kind, and the readers that wait for more. Thread-safe.
class Feed : public std::enable_shared_from_this<Feed> {
 public:
  // Holds `capacity` changes; those at or before `floor` were never held.
  Feed(std::size_t capacity, std::uint64_t floor) : capacity_(capacity), floor_(floor) {}

  // Versions must grow from call to call.
  void Publish(Change change);

  // Errors: kWrongState "too old resource version: F (oldest held: O)".
  Result<std::unique_ptr<Subscription>> Subscribe(std::uint64_t after);

 private:
  friend class Subscription;
  Result<std::vector<Change>> ReadAfter(Subscription& reader, std::size_t max);
  void Leave(const Subscription* reader);

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::deque<Change> ring_;
  std::uint64_t floor_;  // the version of the newest change that is no longer held
  std::vector<const Subscription*> readers_;
};

}  // namespace caisson::store
