// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "agent/store/disk.h"
#include "agent/store/store.h"

namespace caisson::store {

// Order of locks: a key's stripe (held over read, change and write to disk), then mutex_ (held over
// the new version's number, the map and the feed, so that versions reach the feed in order).
class Store::Impl {
 public:
  explicit Impl(Disk disk) : disk_(std::move(disk)) {}
  Status Load();

  Result<Object> Create(Kind kind, nlohmann::json document);
  std::optional<Object> Find(const Key& key) const;
  List ListAll(Kind kind, const std::string& ns) const;
  Result<Object> Update(const Key& key, const Mutator& change);
  Status UpdateStatus(const Key& key, const std::string& uid, const nlohmann::json& status);
  Result<Object> MarkDeleted(const Key& key, std::int64_t grace_seconds,
                             const std::optional<std::string>& uid);
  Status Remove(const Key& key, const std::string& uid);
  Result<std::unique_ptr<Subscription>> Subscribe(Kind kind, std::uint64_t version);
  Result<Snapshot> ListAndSubscribe(Kind kind);
  void RecordEvent(const EventRecord& event);

 private:
  static constexpr std::size_t kStripes = 64;
  static constexpr Feed::Limits kFeedLimits{4096, std::size_t{8} << 20};
  static constexpr std::size_t kMaxEvents = 1000;

  std::mutex& StripeOf(const Key& key) const;
  Feed& FeedOf(Kind kind) { return *feeds_[static_cast<std::size_t>(kind)]; }
  List ListLocked(Kind kind, const std::string& ns) const;
  Result<std::uint64_t> NextVersionLocked();
  // Writes what differs from `before` to disk and publishes. The key's stripe is held.
  Result<Object> Write(const Key& key, nlohmann::json document, const Object* before);
  Result<Object> RemoveHeld(const Object& object);
  void DropOldEvents();

  Disk disk_;
  mutable std::array<std::mutex, kStripes> stripes_;
  mutable std::mutex mutex_;
  std::map<Key, Object> objects_;
  std::uint64_t version_ = 0;        // the last one given out
  std::uint64_t version_limit_ = 0;  // on disk: the next start begins above it
  std::array<std::shared_ptr<Feed>, kKindCount> feeds_;

  std::mutex events_mutex_;  // before any stripe
  std::map<std::string, Key> event_by_content_;
  std::deque<std::pair<Key, std::string>> event_order_;
};

}  // namespace caisson::store
