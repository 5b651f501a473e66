// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "agent/store/store_impl.h"
#include "agent/store/uuid.h"
#include "runtime/base/log.h"

namespace caisson::store {

using nlohmann::json;

namespace {

constexpr const char* kComponent = "caissond";

json NewEvent(const EventRecord& event, const std::string& now) {
  json involved{{"kind", event.involved_kind},
                {"apiVersion", "v1"},
                {"name", event.involved_name},
                {"uid", event.involved_uid}};
  if (!event.ns.empty()) involved["namespace"] = event.ns;
  if (!event.field_path.empty()) involved["fieldPath"] = event.field_path;
  const std::string suffix = NewUuid().substr(0, 8) + NewUuid().substr(0, 8);
  return {{"kind", "Event"},
          {"apiVersion", "v1"},
          {"metadata",
           {{"name", StrCat(event.involved_name.substr(0, 200), ".", suffix)},
            {"namespace", event.ns.empty() ? "default" : event.ns}}},
          {"involvedObject", std::move(involved)},
          {"reason", event.reason},
          {"message", event.message},
          {"source", {{"component", kComponent}}},
          {"firstTimestamp", now},
          {"lastTimestamp", now},
          {"count", 1},
          {"type", event.type},
          {"eventTime", nullptr},
          {"reportingComponent", kComponent},
          {"reportingInstance", ""}};
}

std::string ContentOf(const EventRecord& event) {
  std::string content;
  for (const std::string* part : {&event.ns, &event.involved_kind, &event.involved_uid,
                                  &event.field_path, &event.type, &event.reason, &event.message}) {
    content.append(*part).push_back('\0');
  }
  return content;
}

}  // namespace

void Store::Impl::RecordEvent(const EventRecord& event) {
  const std::lock_guard lock(events_mutex_);
  const std::string now = pod_spec::FormatTime(pod_spec::NowTime());
  const std::string content = ContentOf(event);
  if (const auto known = event_by_content_.find(content); known != event_by_content_.end()) {
    const auto counted = Update(known->second, [&now](const Object& current) -> Result<json> {
      json again = *current.document;
      again["count"] = again["count"].get<std::int64_t>() + 1;
      again["lastTimestamp"] = now;
      return again;
    });
    if (counted) return;
    event_by_content_.erase(known);
  }
  const auto created = Create(Kind::kEvent, NewEvent(event, now));
  if (!created) {
    Log(LogLevel::kWarning, "an event was not recorded",
        {{"reason", event.reason}, {"error", created.error().message()}});
    return;
  }
  event_by_content_[content] = created->key;
  event_order_.emplace_back(created->key, content);
  DropOldEvents();
}

void Store::Impl::DropOldEvents() {
  while (event_order_.size() > kMaxEvents) {
    const auto [key, content] = std::move(event_order_.front());
    event_order_.pop_front();
    const auto known = event_by_content_.find(content);
    if (known != event_by_content_.end() && known->second == key) event_by_content_.erase(known);
    if (const auto object = Find(key)) (void)Remove(key, object->uid);  // in memory: cannot fail
  }
}

}  // namespace caisson::store
