// SPDX-License-Identifier: Apache-2.0
#include "agent/api/watch.h"

#include <poll.h>

#include <nlohmann/json.hpp>

#include "runtime/base/deadline.h"

namespace caisson::api {
namespace {

using nlohmann::json;
using store::Change;
using store::ChangeType;

constexpr std::chrono::seconds kBookmarkPeriod{60};
// A watch without a limit of its own ends after a while, so that clients re-list now and then.
constexpr std::chrono::hours kLongestWatch{24};

pod_spec::ApiStatus ExpiredStatus(const Error& error) { return {410, "Expired", error.message()}; }

class Watch {
 public:
  Watch(const ServedKind& kind, ListRequest request, store::List initial,
        std::unique_ptr<store::Subscription> changes)
      : kind_(kind),
        request_(std::move(request)),
        initial_(std::move(initial)),
        changes_(std::move(changes)) {}

  void Run(ReplyStream& stream) {
    const auto limit =
        request_.timeout_seconds
            ? std::chrono::milliseconds(std::chrono::seconds(*request_.timeout_seconds))
            : std::chrono::milliseconds(kLongestWatch);
    const Deadline end = Deadline::After(limit);
    if (!SendInitial(stream)) return;
    Deadline bookmark = Deadline::After(kBookmarkPeriod);
    while (!end.passed()) {
      if (!SendChanges(stream)) return;
      if (bookmark.passed()) {
        if (request_.bookmarks && !SendBookmark(stream, changes_->position(), false)) return;
        bookmark = Deadline::After(kBookmarkPeriod);
      }
      if (!Wait(stream, end.at() < bookmark.at() ? end : bookmark)) return;
    }
  }

 private:
  // False when the client has gone or the server stops.
  bool Wait(const ReplyStream& stream, Deadline deadline) const {
    pollfd fds[] = {{changes_->fd().get(), POLLIN, 0},
                    {stream.client_fd(), POLLRDHUP, 0},
                    {stream.stop_fd(), POLLIN, 0}};
    (void)::poll(fds, 3, deadline.PollTimeoutMs());  // EINTR: the caller looks again
    return fds[1].revents == 0 && fds[2].revents == 0;
  }

  bool SendInitial(ReplyStream& stream) {
    for (const store::Object& object : initial_.objects) {
      if (InNamespace(object) && request_.Matches(*object.document) &&
          !Send(stream, "ADDED", object))
        return false;
    }
    const std::uint64_t version = initial_.resource_version;
    initial_ = {};
    return !request_.initial_events || SendBookmark(stream, version, true);
  }

  bool SendChanges(ReplyStream& stream) {
    for (;;) {
      auto changes = changes_->Take();
      if (!changes) {
        const json event{{"type", "ERROR"},
                         {"object", pod_spec::EncodeStatus(ExpiredStatus(changes.error()))}};
        (void)stream.Write(Dump(event) + "\n");
        return false;
      }
      if (changes->empty()) return true;
      for (const Change& change : *changes) {
        if (!SendChange(stream, change)) return false;
      }
    }
  }

  bool SendChange(ReplyStream& stream, const Change& change) {
    if (!InNamespace(change.object)) return true;
    const bool matched = change.previous != nullptr && MatchesText(*change.previous);
    const bool matches =
        change.type != ChangeType::kDeleted && request_.Matches(*change.object.document);
    if (!matched && !matches) return true;
    const char* type = !matches ? "DELETED" : matched ? "MODIFIED" : "ADDED";
    return Send(stream, type, change.object);
  }

  bool MatchesText(const std::string& text) const {
    return request_.MatchesAll() ||
           request_.Matches(json::parse(text, nullptr, /*allow_exceptions=*/false));
  }

  bool InNamespace(const store::Object& object) const {
    return request_.ns.empty() || object.key.ns == request_.ns;
  }

  bool Send(ReplyStream& stream, const char* type, const store::Object& object) {
    if (!request_.as_table)
      return stream.Write(StrCat("{\"type\":\"", type, "\",\"object\":", *object.text, "}\n"));
    pod_spec::TableRequest table{kind_.info().name, std::to_string(object.resource_version),
                                 request_.include, !sent_columns_, pod_spec::NowTime()};
    sent_columns_ = true;
    const json rows = pod_spec::MakeTable(table, {object.document});
    return stream.Write(StrCat("{\"type\":\"", type, "\",\"object\":", Dump(rows), "}\n"));
  }

  bool SendBookmark(ReplyStream& stream, std::uint64_t version, bool ends_initial) {
    json object{{"kind", kind_.info().name},
                {"apiVersion", "v1"},
                {"metadata", {{"resourceVersion", std::to_string(version)}}}};
    if (ends_initial) object["metadata"]["annotations"]["k8s.io/initial-events-end"] = "true";
    return stream.Write(Dump({{"type", "BOOKMARK"}, {"object", std::move(object)}}) + "\n");
  }

  const ServedKind& kind_;
  const ListRequest request_;
  store::List initial_;
  const std::unique_ptr<store::Subscription> changes_;
  bool sent_columns_ = false;
};

}  // namespace

Reply WatchReply(store::Store& store, const ServedKind& kind, ListRequest request) {
  store::List initial;
  std::unique_ptr<store::Subscription> changes;
  if (request.resource_version == 0 || request.initial_events) {
    auto snapshot = store.ListAndSubscribe(kind.kind);
    if (!snapshot) return ErrorReply(snapshot.error());
    initial = std::move(snapshot->list);
    changes = std::move(snapshot->changes);
  } else {
    auto subscribed = store.Subscribe(kind.kind, request.resource_version);
    if (!subscribed && subscribed.error().code() == Code::kWrongState)
      return StatusReply(ExpiredStatus(subscribed.error()));
    if (!subscribed) return ErrorReply(subscribed.error());
    changes = *std::move(subscribed);
  }
  const auto watch =
      std::make_shared<Watch>(kind, std::move(request), std::move(initial), std::move(changes));
  Reply reply;
  reply.stream = [watch](ReplyStream& stream) { watch->Run(stream); };
  return reply;
}

}  // namespace caisson::api
