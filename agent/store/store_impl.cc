// SPDX-License-Identifier: Apache-2.0
#include "agent/store/store_impl.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "agent/store/uuid.h"
#include "runtime/base/log.h"

namespace caisson::store {

using nlohmann::json;

namespace {

Error NotFound(const Key& key) {
  return Error(Code::kNotFound, StrCat(InfoOf(key.kind).resource, " \"", key.name, "\" not found"));
}

Key KeyOf(Kind kind, const json& document) {
  const json& meta = document.at("metadata");
  return {kind, InfoOf(kind).namespaced ? meta.value("namespace", "") : "", meta.value("name", "")};
}

json WithoutStatus(const json& document) {
  json desired = document;
  desired.erase("status");
  return desired;
}

const json& PartOf(const json& document, const char* part) {
  static const json none;
  const auto at = document.find(part);
  return at == document.end() ? none : *at;
}

// An object around a document that is complete but for its resource version.
Result<Object> MakeObject(const Key& key, const std::shared_ptr<json>& document) {
  Object object{key, document->at("metadata").value("uid", ""), 0, document, nullptr, nullptr};
  if (key.kind == Kind::kPod) {
    CAISSON_ASSIGN(pod_spec::Pod pod, pod_spec::DecodePod(document));
    object.pod = std::make_shared<const pod_spec::Pod>(std::move(pod));
  }
  return object;
}

// `document` is the object's own, not seen by anyone else yet.
void SetVersion(Object& object, const std::shared_ptr<json>& document, std::uint64_t version) {
  object.resource_version = version;
  (*document)["metadata"]["resourceVersion"] = std::to_string(version);
  // Bytes that are not UTF-8 come from containers: their termination messages.
  object.text = std::make_shared<const std::string>(
      document->dump(-1, ' ', false, json::error_handler_t::replace));
  if (object.pod == nullptr) return;
  pod_spec::Pod pod = *object.pod;
  pod.document = document;
  pod.metadata.resource_version = std::to_string(version);
  object.pod = std::make_shared<const pod_spec::Pod>(std::move(pod));
}

std::uint64_t WallClockMicroseconds() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(since_epoch).count());
}

}  // namespace

Status Store::Impl::Load() {
  CAISSON_ASSIGN(const std::uint64_t limit, disk_.ReadVersionLimit());
  // Both, so that neither a lost file nor a clock that was set back repeats a version.
  version_ = std::max(limit, WallClockMicroseconds());
  for (int i = 0; i < kKindCount; ++i) {
    const Kind kind = static_cast<Kind>(i);
    if (!InfoOf(kind).durable) continue;
    CAISSON_TRY(disk_.LoadAll(kind, [this, kind](json loaded) -> Status {
      const auto document = std::make_shared<json>(std::move(loaded));
      const Key key = KeyOf(kind, *document);
      CAISSON_ASSIGN(Object object, MakeObject(key, document));
      CAISSON_ASSIGN(const std::uint64_t version, NextVersionLocked());
      SetVersion(object, document, version);
      objects_[key] = std::move(object);
      return Ok();
    }));
  }
  CAISSON_TRY(NextVersionLocked());
  for (auto& feed : feeds_) feed = std::make_shared<Feed>(kFeedLimits, version_);
  return Ok();
}

Result<std::uint64_t> Store::Impl::NextVersionLocked() {
  constexpr std::uint64_t kReserve = 1'000'000;
  if (version_ + 1 > version_limit_) {
    CAISSON_TRY(disk_.WriteVersionLimit(version_ + kReserve));
    version_limit_ = version_ + kReserve;
  }
  return ++version_;
}

std::mutex& Store::Impl::StripeOf(const Key& key) const {
  const std::size_t hash = std::hash<std::string>()(key.ns) * 31 +
                           std::hash<std::string>()(key.name) + static_cast<std::size_t>(key.kind);
  return stripes_[hash % kStripes];
}

std::optional<Object> Store::Impl::Find(const Key& key) const {
  const std::lock_guard lock(mutex_);
  const auto at = objects_.find(key);
  if (at == objects_.end()) return std::nullopt;
  return at->second;
}

List Store::Impl::ListLocked(Kind kind, const std::string& ns) const {
  List list;
  list.resource_version = version_;
  for (auto at = objects_.lower_bound(Key{kind, ns, ""}); at != objects_.end(); ++at) {
    if (at->first.kind != kind || (!ns.empty() && at->first.ns != ns)) break;
    list.objects.push_back(at->second);
  }
  return list;
}

List Store::Impl::ListAll(Kind kind, const std::string& ns) const {
  const std::lock_guard lock(mutex_);
  return ListLocked(kind, ns);
}

Result<Object> Store::Impl::Write(const Key& key, json document, const Object* before) {
  const auto shared = std::make_shared<json>(std::move(document));
  CAISSON_ASSIGN(Object object, MakeObject(key, shared));
  if (InfoOf(key.kind).durable) {
    const json desired = WithoutStatus(*shared);
    if (before == nullptr || desired != WithoutStatus(*before->document))
      CAISSON_TRY(disk_.WriteObject(key, desired), "store ", InfoOf(key.kind).name, " \"", key.name,
                  "\"");
    const json& status = PartOf(*shared, "status");
    if (!status.is_null() && (before == nullptr || status != PartOf(*before->document, "status")))
      CAISSON_TRY(disk_.WriteStatus(key, object.uid, status), "store status of ",
                  InfoOf(key.kind).name, " \"", key.name, "\"");
  }
  const std::lock_guard lock(mutex_);
  CAISSON_ASSIGN(const std::uint64_t version, NextVersionLocked());
  SetVersion(object, shared, version);
  objects_[key] = object;
  FeedOf(key.kind).Publish({before == nullptr ? ChangeType::kAdded : ChangeType::kModified, version,
                            object, before == nullptr ? nullptr : before->text});
  return object;
}

Result<Object> Store::Impl::Create(Kind kind, json document) {
  const Key key = KeyOf(kind, document);
  const std::lock_guard stripe(StripeOf(key));
  if (Find(key))
    return Error(Code::kAlreadyExists,
                 StrCat(InfoOf(kind).resource, " \"", key.name, "\" already exists"));
  json& meta = document["metadata"];
  meta["uid"] = NewUuid();
  meta["creationTimestamp"] = pod_spec::FormatTime(pod_spec::NowTime());
  if (kind == Kind::kPod) meta["generation"] = 1;
  return Write(key, std::move(document), nullptr);
}

Result<Object> Store::Impl::Update(const Key& key, const Mutator& change) {
  const std::lock_guard stripe(StripeOf(key));
  const auto before = Find(key);
  if (!before) return NotFound(key);
  CAISSON_ASSIGN(json after, change(*before));
  json& meta = after["metadata"];
  const json& old_meta = (*before->document)["metadata"];
  for (const char* kept : {"uid", "creationTimestamp", "resourceVersion", "generation",
                           "deletionTimestamp", "deletionGracePeriodSeconds"}) {
    meta.erase(kept);
    if (old_meta.contains(kept)) meta[kept] = old_meta[kept];
  }
  if (after == *before->document) return *before;
  if (meta.contains("generation") && PartOf(after, "spec") != PartOf(*before->document, "spec"))
    meta["generation"] = meta["generation"].get<std::int64_t>() + 1;
  return Write(key, std::move(after), &*before);
}

Status Store::Impl::UpdateStatus(const Key& key, const std::string& uid, const json& status) {
  const std::lock_guard stripe(StripeOf(key));
  const auto before = Find(key);
  if (!before || before->uid != uid) return NotFound(key);
  if (PartOf(*before->document, "status") == status) return Ok();
  json after = *before->document;
  after["status"] = status;
  CAISSON_TRY(Write(key, std::move(after), &*before));
  return Ok();
}

Result<Object> Store::Impl::MarkDeleted(const Key& key, std::int64_t grace_seconds,
                                        const std::optional<std::string>& uid) {
  const std::lock_guard stripe(StripeOf(key));
  const auto before = Find(key);
  if (!before) return NotFound(key);
  if (uid && *uid != before->uid)
    return Error(Code::kWrongState, StrCat("Precondition failed: UID in precondition: ", *uid,
                                           ", UID in object meta: ", before->uid));
  if (grace_seconds <= 0) return RemoveHeld(*before);
  json after = *before->document;
  json& meta = after["metadata"];
  const bool again = meta.contains("deletionTimestamp");
  if (again && meta.value("deletionGracePeriodSeconds", std::int64_t{0}) <= grace_seconds)
    return *before;
  meta["deletionTimestamp"] =
      pod_spec::FormatTime(pod_spec::NowTime() + std::chrono::seconds(grace_seconds));
  meta["deletionGracePeriodSeconds"] = grace_seconds;
  if (meta.contains("generation") && !again)
    meta["generation"] = meta["generation"].get<std::int64_t>() + 1;
  return Write(key, std::move(after), &*before);
}

Result<Object> Store::Impl::RemoveHeld(const Object& object) {
  if (InfoOf(object.key.kind).durable)
    CAISSON_TRY(disk_.Remove(object.key), "remove ", InfoOf(object.key.kind).name, " \"",
                object.key.name, "\"");
  const auto document = std::make_shared<json>(*object.document);
  Object removed = object;
  removed.document = document;
  const std::lock_guard lock(mutex_);
  CAISSON_ASSIGN(const std::uint64_t version, NextVersionLocked());
  SetVersion(removed, document, version);
  objects_.erase(object.key);
  FeedOf(object.key.kind).Publish({ChangeType::kDeleted, version, removed, object.text});
  return removed;
}

Status Store::Impl::Remove(const Key& key, const std::string& uid) {
  const std::lock_guard stripe(StripeOf(key));
  const auto object = Find(key);
  if (!object || object->uid != uid) return Ok();
  CAISSON_TRY(RemoveHeld(*object));
  return Ok();
}

Result<std::unique_ptr<Subscription>> Store::Impl::Subscribe(Kind kind, std::uint64_t version) {
  const std::lock_guard lock(mutex_);
  return FeedOf(kind).Subscribe(version == 0 ? version_ : version);
}

Result<Store::Snapshot> Store::Impl::ListAndSubscribe(Kind kind) {
  const std::lock_guard lock(mutex_);
  CAISSON_ASSIGN(auto changes, FeedOf(kind).Subscribe(version_));
  return Snapshot{ListLocked(kind, {}), std::move(changes)};
}

}  // namespace caisson::store
