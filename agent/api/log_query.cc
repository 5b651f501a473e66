// SPDX-License-Identifier: Apache-2.0
#include "agent/api/log_query.h"

#include <nlohmann/json.hpp>

#include "agent/pod_spec/pod.h"

namespace caisson::api {
namespace {

using pod_spec::ApiStatus;
using pod_spec::BadRequestStatus;
using pod_spec::Container;

std::vector<std::string> NamesOf(const std::vector<Container>& containers) {
  std::vector<std::string> names;
  names.reserve(containers.size());
  for (const Container& container : containers) names.push_back(container.name);
  return names;
}

// The container that is meant, in the words that kubectl's users know.
Outcome<std::string> ChooseContainer(const std::string& asked, const pod_spec::Pod& pod) {
  const std::string& name = pod.metadata.name;
  if (asked.empty()) {
    if (const auto at = pod.metadata.annotations.find("kubectl.kubernetes.io/default-container");
        at != pod.metadata.annotations.end())
      return ChooseContainer(at->second, pod);
    if (pod.spec.containers.size() == 1) return pod.spec.containers.front().name;
    std::string message =
        StrCat("a container name must be specified for pod ", name, ", choose one of: [",
               Join(NamesOf(pod.spec.containers), " "), "]");
    if (!pod.spec.init_containers.empty())
      message += StrCat(" or one of the init containers: [",
                        Join(NamesOf(pod.spec.init_containers), " "), "]");
    return BadRequestStatus(std::move(message));
  }
  for (const auto* list :
       {&pod.spec.containers, &pod.spec.init_containers, &pod.spec.ephemeral_containers}) {
    for (const Container& container : *list) {
      if (container.name == asked) return asked;
    }
  }
  return BadRequestStatus(StrCat("container ", asked, " is not valid for pod ", name));
}

ApiStatus BadValue(const std::string& field, const std::string& value, const char* why) {
  pod_spec::FieldErrors errors;
  errors.Invalid(field, value, why);
  return pod_spec::InvalidStatus("PodLogOptions", "", std::move(errors));
}

Outcome<std::optional<std::int64_t>> ReadCount(const Request& request, const char* name,
                                               std::int64_t min) {
  const auto text = request.Query(name);
  if (!text || text->empty()) return std::optional<std::int64_t>();
  const auto value = ParseInt<std::int64_t>(*text);
  if (!value) return BadRequestStatus(StrCat(name, ": Invalid value: \"", *text, "\""));
  if (*value < min)
    return BadValue(name, *text,
                    min == 0 ? "must be greater than or equal to 0" : "must be greater than 0");
  return value;
}

}  // namespace

Outcome<LogQuery> ParseLogQuery(const Request& request, const store::Object& pod) {
  LogQuery query;
  auto container = ChooseContainer(request.Query("container").value_or(""), *pod.pod);
  if (!container) return container.refusal();
  query.container = *container;
  query.follow = request.Flag("follow");
  query.previous = request.Flag("previous");
  query.timestamps = request.Flag("timestamps");
  auto tail = ReadCount(request, "tailLines", 0);
  if (!tail) return tail.refusal();
  query.tail_lines = *tail;
  auto limit = ReadCount(request, "limitBytes", 1);
  if (!limit) return limit.refusal();
  query.limit_bytes = *limit;

  auto since_seconds = ReadCount(request, "sinceSeconds", 1);
  if (!since_seconds) return since_seconds.refusal();
  const auto since_time = request.Query("sinceTime");
  if (*since_seconds && since_time)
    return BadValue("sinceSeconds", *since_time,
                    "at most one of `sinceTime` or `sinceSeconds` may be specified");
  std::optional<pod_spec::Time> since;
  if (*since_seconds) since = pod_spec::NowTime() - std::chrono::seconds(**since_seconds);
  if (since_time && !since_time->empty()) {
    since = pod_spec::ParseTime(*since_time);
    if (!since) return BadRequestStatus(StrCat("sinceTime: Invalid value: \"", *since_time, "\""));
  }
  if (since) {
    query.since = pod_spec::FormatTime(*since);
    query.since.pop_back();  // "Z": what is left sorts before every time within that second
  }
  return query;
}

}  // namespace caisson::api
