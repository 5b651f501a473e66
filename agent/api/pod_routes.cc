// SPDX-License-Identifier: Apache-2.0
#include "agent/api/pod_routes.h"

#include <nlohmann/json.hpp>

#include "agent/api/log_follow.h"
#include "agent/api/log_query.h"
#include "agent/api/object_create.h"
#include "agent/api/object_routes.h"
#include "agent/pod_spec/pod_status.h"

namespace caisson::api {
namespace {

using nlohmann::json;

const ServedKind& Pods() { return ServedKindOf(store::Kind::kPod); }

Reply GetStatus(const Services& services, const Request& request) {
  const auto pod = services.store.Get(KeyOf(Pods(), request));
  if (!pod) return StoreErrorReply(Pods(), request.Param("name"), pod.error());
  return ObjectReply(request, Pods(), 200, *pod);
}

// Why a container has no log, as kubelet says it.
std::string WaitingReason(const store::Object& pod, const std::string& container) {
  const auto at = pod.document->find("status");
  if (at == pod.document->end()) return "ContainerCreating";
  const pod_spec::PodStatus status = pod_spec::DecodePodStatus(*at);
  for (const auto* list : {&status.container_statuses, &status.init_container_statuses}) {
    for (const pod_spec::ContainerStatus& candidate : *list) {
      const auto* waiting = std::get_if<pod_spec::StateWaiting>(&candidate.state);
      if (candidate.name == container && waiting != nullptr && !waiting->reason.empty())
        return waiting->reason;
    }
  }
  return "ContainerCreating";
}

Reply NoLogReply(const store::Object& pod, const LogQuery& query) {
  if (query.previous)
    return StatusReply(
        pod_spec::BadRequestStatus(StrCat("previous terminated container \"", query.container,
                                          "\" in pod \"", pod.key.name, "\" not found")));
  return StatusReply(pod_spec::BadRequestStatus(
      StrCat("container \"", query.container, "\" in pod \"", pod.key.name,
             "\" is waiting to start: ", WaitingReason(pod, query.container))));
}

Reply GetLog(const Services& services, const Request& request) {
  const auto pod = services.store.Get(KeyOf(Pods(), request));
  if (!pod) return StoreErrorReply(Pods(), request.Param("name"), pod.error());
  auto query = ParseLogQuery(request, *pod);
  if (!query) return StatusReply(query.refusal());
  auto log = OpenLog(services.log_dir, *pod, *query);
  if (!log && log.error().code() == Code::kNotFound) return NoLogReply(*pod, *query);
  if (!log) return ErrorReply(log.error());

  Reply reply;
  reply.content_type = "text/plain";
  if (query->follow && !query->previous) {
    auto started = LogFollower::Start(services.store, *pod, *std::move(log), *query);
    if (!started) return ErrorReply(started.error());
    const std::shared_ptr<LogFollower> follower = *std::move(started);
    reply.stream = [follower](ReplyStream& stream) { follower->Run(stream); };
    return reply;
  }
  const auto reader = std::make_shared<LogReader>(std::move(log->file), *query);
  if (const Status sought = reader->SeekToTail(); !sought) return ErrorReply(sought.error());
  reply.stream = [reader](ReplyStream& stream) {
    for (;;) {
      const auto text = reader->ReadMore();
      if (!text || text->empty() || !stream.Write(*text)) return;
    }
  };
  return reply;
}

// Source: policy/v1 Eviction. There are no disruption budgets on a single node: it is a delete.
Reply Evict(const Services& services, const Request& request) {
  auto body = ReadBody(request);
  if (!body) return StatusReply(body.refusal());
  DeleteOptions options;
  const json& value = *body->value;
  if (value.is_object() && value.contains("deleteOptions")) {
    Request inner = request;
    inner.body = Dump(value["deleteOptions"]);
    inner.headers["content-type"] = "application/json";
    auto read = ReadDeleteOptions(inner);
    if (!read) return StatusReply(read.refusal());
    options = *read;
  }
  const store::Key key = KeyOf(Pods(), request);
  const auto pod = services.store.Get(key);
  if (!pod) return StoreErrorReply(Pods(), key.name, pod.error());
  if (!options.dry_run && !IsDryRun(request)) {
    const std::int64_t grace =
        options.grace_seconds.value_or(pod->pod->spec.termination_grace_period_seconds);
    const auto marked = services.store.MarkDeleted(key, grace, options.uid);
    if (!marked) return StoreErrorReply(Pods(), key.name, marked.error());
  }
  return StatusReply({201, "", "evicted"});
}

}  // namespace

void AddPodRoutes(Router& router, const Services& services) {
  const auto bind = [&services](auto* handler) -> Handler {
    return [&services, handler](const Request& request) { return handler(services, request); };
  };
  const std::string pod = "/api/v1/namespaces/{ns}/pods/{name}";
  router.Add("GET", pod + "/status", bind(GetStatus));
  router.Add("GET", pod + "/log", bind(GetLog));
  router.Add("POST", pod + "/eviction", bind(Evict));
}

}  // namespace caisson::api
