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

// The last changes of one kind, and the readers that wait for more. Old versions are held as text,
// a tenth of the size of their trees; a reader that is up to date meets the tree that the store
// still has, one that lags has it parsed again. Thread-safe.
class Feed : public std::enable_shared_from_this<Feed> {
 public:
  struct Limits {
    std::size_t changes;
    std::size_t bytes;  // of text
  };
  // Changes at or before `floor` were never held.
  Feed(Limits limits, std::uint64_t floor) : limits_(limits), floor_(floor) {}

  // Versions must grow from call to call.
  void Publish(const Change& change);

  // Errors: kWrongState "too old resource version: F (oldest held: O)".
  Result<std::unique_ptr<Subscription>> Subscribe(std::uint64_t after);

 private:
  friend class Subscription;
  struct Held {
    ChangeType type;
    std::uint64_t resource_version;
    Key key;
    std::string uid;
    std::shared_ptr<const std::string> text;
    std::shared_ptr<const std::string> previous;
    std::weak_ptr<const nlohmann::json> document;
    std::weak_ptr<const pod_spec::Pod> pod;
  };
  static Result<Change> Restore(const Held& held);
  Result<std::vector<Held>> ReadAfter(Subscription& reader, std::size_t max);
  void Leave(const Subscription* reader);

  const Limits limits_;
  mutable std::mutex mutex_;
  std::deque<Held> ring_;
  std::size_t bytes_ = 0;  // of the ring's text
  std::uint64_t floor_;    // the version of the newest change that is no longer held
  std::vector<const Subscription*> readers_;
};

}  // namespace caisson::store
