// SPDX-License-Identifier: Apache-2.0
#include "agent/pod_spec/pod_status.h"

#include <nlohmann/json.hpp>

#include "agent/pod_spec/reader.h"

namespace caisson::pod_spec {

using nlohmann::json;

std::string_view PodPhaseName(PodPhase phase) {
  switch (phase) {
    case PodPhase::kPending: return "Pending";
    case PodPhase::kRunning: return "Running";
    case PodPhase::kSucceeded: return "Succeeded";
    case PodPhase::kFailed: return "Failed";
    case PodPhase::kUnknown: return "Unknown";
  }
  return "Unknown";
}

namespace {

void PutText(json& out, const char* name, const std::string& text) {
  if (!text.empty()) out[name] = text;
}

void PutTime(json& out, const char* name, const std::optional<Time>& time) {
  if (time) out[name] = FormatTime(*time);
}

json EncodeState(const ContainerState& state) {
  json out = json::object();
  if (const auto* waiting = std::get_if<StateWaiting>(&state)) {
    json& to = out["waiting"] = json::object();
    PutText(to, "reason", waiting->reason);
    PutText(to, "message", waiting->message);
  } else if (const auto* running = std::get_if<StateRunning>(&state)) {
    out["running"]["startedAt"] = FormatTime(running->started_at);
  } else if (const auto* ended = std::get_if<StateTerminated>(&state)) {
    json& to = out["terminated"];
    to["exitCode"] = ended->exit_code;
    if (ended->signal != 0) to["signal"] = ended->signal;
    PutText(to, "reason", ended->reason);
    PutText(to, "message", ended->message);
    PutTime(to, "startedAt", ended->started_at);
    PutTime(to, "finishedAt", ended->finished_at);
    PutText(to, "containerID", ended->container_id);
  }
  return out;
}

json EncodeContainers(const std::vector<ContainerStatus>& statuses) {
  json out = json::array();
  for (const ContainerStatus& status : statuses) {
    json item{{"name", status.name},
              {"state", EncodeState(status.state)},
              {"lastState", EncodeState(status.last_state)},
              {"ready", status.ready},
              {"restartCount", status.restart_count},
              {"image", status.image},
              {"imageID", status.image_id}};
    PutText(item, "containerID", status.container_id);
    if (status.started) item["started"] = *status.started;
    out.push_back(std::move(item));
  }
  return out;
}

json EncodeConditions(const std::vector<PodCondition>& conditions) {
  json out = json::array();
  for (const PodCondition& condition : conditions) {
    json item{{"type", condition.type}, {"status", condition.status}, {"lastProbeTime", nullptr}};
    PutTime(item, "lastTransitionTime", condition.last_transition_time);
    PutText(item, "reason", condition.reason);
    PutText(item, "message", condition.message);
    out.push_back(std::move(item));
  }
  return out;
}

void PutIps(json& out, const char* one, const char* all, const std::vector<std::string>& ips) {
  if (ips.empty()) return;
  out[one] = ips.front();
  json list = json::array();
  for (const std::string& ip : ips) list.push_back({{"ip", ip}});
  out[all] = std::move(list);
}

}  // namespace

json EncodePodStatus(const PodStatus& status) {
  json out{{"phase", PodPhaseName(status.phase)}};
  if (!status.conditions.empty()) out["conditions"] = EncodeConditions(status.conditions);
  PutText(out, "message", status.message);
  PutText(out, "reason", status.reason);
  std::vector<std::string> host_ips = status.host_ips;
  if (host_ips.empty() && !status.host_ip.empty()) host_ips.push_back(status.host_ip);
  PutIps(out, "hostIP", "hostIPs", host_ips);
  PutIps(out, "podIP", "podIPs", status.pod_ips);
  PutTime(out, "startTime", status.start_time);
  const auto put = [&out](const char* name, const std::vector<ContainerStatus>& containers) {
    if (!containers.empty()) out[name] = EncodeContainers(containers);
  };
  put("initContainerStatuses", status.init_container_statuses);
  put("containerStatuses", status.container_statuses);
  put("ephemeralContainerStatuses", status.ephemeral_container_statuses);
  if (status.qos_class) out["qosClass"] = QosClassName(*status.qos_class);
  return out;
}

void Decode(const Reader& from, PodCondition& out) {
  from.Get("type", out.type);
  from.Get("status", out.status);
  from.Get("lastTransitionTime", out.last_transition_time);
  from.Get("reason", out.reason);
  from.Get("message", out.message);
}

namespace {

void DecodeState(const Reader& from, ContainerState& out) {
  if (!from.present()) return;
  if (const Reader waiting = from.Field("waiting"); waiting.present()) {
    auto& to = out.emplace<StateWaiting>();
    waiting.Get("reason", to.reason);
    waiting.Get("message", to.message);
  } else if (const Reader running = from.Field("running"); running.present()) {
    running.Get("startedAt", out.emplace<StateRunning>().started_at);
  } else if (const Reader ended = from.Field("terminated"); ended.present()) {
    auto& to = out.emplace<StateTerminated>();
    ended.Get("exitCode", to.exit_code);
    ended.Get("signal", to.signal);
    ended.Get("reason", to.reason);
    ended.Get("message", to.message);
    ended.Get("startedAt", to.started_at);
    ended.Get("finishedAt", to.finished_at);
    ended.Get("containerID", to.container_id);
  }
}

}  // namespace

void Decode(const Reader& from, ContainerStatus& out) {
  from.Get("name", out.name);
  DecodeState(from.Field("state"), out.state);
  DecodeState(from.Field("lastState"), out.last_state);
  from.Get("ready", out.ready);
  from.Get("started", out.started);
  from.Get("restartCount", out.restart_count);
  from.Get("image", out.image);
  from.Get("imageID", out.image_id);
  from.Get("containerID", out.container_id);
}

namespace {

struct Address {
  std::string ip;
};

std::vector<std::string> IpsOf(const std::vector<Address>& addresses) {
  std::vector<std::string> ips;
  ips.reserve(addresses.size());
  for (const Address& address : addresses) ips.push_back(address.ip);
  return ips;
}

}  // namespace

void Decode(const Reader& from, Address& out) { from.Get("ip", out.ip); }

PodStatus DecodePodStatus(const json& status) {
  std::optional<Error> malformed;  // a status that was edited by hand is read as far as it goes
  PodStatus out;
  const Reader from(status, malformed);
  from.GetEnum("phase", out.phase, {"Pending", "Running", "Succeeded", "Failed", "Unknown"});
  from.Get("conditions", out.conditions);
  from.Get("message", out.message);
  from.Get("reason", out.reason);
  from.Get("hostIP", out.host_ip);
  std::vector<Address> addresses;
  from.Get("hostIPs", addresses);
  out.host_ips = IpsOf(addresses);
  addresses.clear();
  from.Get("podIPs", addresses);
  out.pod_ips = IpsOf(addresses);
  from.Get("startTime", out.start_time);
  from.Get("initContainerStatuses", out.init_container_statuses);
  from.Get("containerStatuses", out.container_statuses);
  from.Get("ephemeralContainerStatuses", out.ephemeral_container_statuses);
  if (from.Field("qosClass").present())
    from.GetEnum("qosClass", out.qos_class.emplace(), {"Guaranteed", "Burstable", "BestEffort"});
  return out;
}

}  // namespace caisson::pod_spec
