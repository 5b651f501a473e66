// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper_client/protocol.h"

#include <array>
#include <nlohmann/json.hpp>

#include "agent/keeper_client/json_fields.h"

namespace caisson::keeper_client {
namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 7> kRequestNames = {"hello",  "create", "start",   "signal",
                                                           "remove", "list",   "stop_pod"};
static_assert(kRequestNames.size() == std::variant_size_v<decltype(Request::body)>);

constexpr std::array<std::string_view, 3> kStateNames = {"created", "running", "exited"};

void Put(json&, const HelloRequest&) {}
void Put(json& out, const CreateRequest& request) {
  out["container"] = request.container_id;
  out["name"] = request.name;
  out["attempt"] = request.attempt;
  out["bundle"] = request.bundle_dir;
  out["log"] = request.log_path;
  out["mounts"] = request.mount_indexes;
  out["start"] = request.start;
}
void Put(json& out, const StartRequest& request) { out["container"] = request.container_id; }
void Put(json& out, const SignalRequest& request) {
  out["container"] = request.container_id;
  out["signal"] = request.signal;
  out["all"] = request.all_processes;
}
void Put(json& out, const RemoveRequest& request) { out["container"] = request.container_id; }
void Put(json&, const ListRequest&) {}
void Put(json&, const StopPodRequest&) {}

Status Take(const json&, HelloRequest&) { return Ok(); }
Status Take(const json& in, CreateRequest& request) {
  return FieldReader(in)
      .Needs("container", request.container_id)
      .Needs("name", request.name)
      .Needs("attempt", request.attempt)
      .Needs("bundle", request.bundle_dir)
      .Needs("log", request.log_path)
      .Takes("mounts", request.mount_indexes)
      .Takes("start", request.start)
      .Done();
}
Status Take(const json& in, StartRequest& request) {
  return FieldReader(in).Needs("container", request.container_id).Done();
}
Status Take(const json& in, SignalRequest& request) {
  return FieldReader(in)
      .Needs("container", request.container_id)
      .Needs("signal", request.signal)
      .Takes("all", request.all_processes)
      .Done();
}
Status Take(const json& in, RemoveRequest& request) {
  return FieldReader(in).Needs("container", request.container_id).Done();
}
Status Take(const json&, ListRequest&) { return Ok(); }
Status Take(const json&, StopPodRequest&) { return Ok(); }

// Sets `body` to the alternative of that name and reads its members.
template <std::size_t I = 0>
Status TakeBody(const json& in, std::string_view name, decltype(Request::body)& body) {
  if constexpr (I == kRequestNames.size()) {
    return Error(Code::kUnsupported, StrCat("keeper protocol: unknown request \"", name, "\""));
  } else {
    if (name == kRequestNames[I]) return Take(in, body.template emplace<I>());
    return TakeBody<I + 1>(in, name, body);
  }
}

json Packet(std::string_view type) { return json{{"v", kProtocolVersion}, {"type", type}}; }

// The object of a packet and its type, once its version is known to be ours.
Result<json> Open(std::string_view bytes, std::string& type) {
  CAISSON_ASSIGN(json in, ParseJson(bytes, "keeper protocol"));
  int version = 0;
  CAISSON_TRY(FieldReader(in).Needs("v", version).Done(), "keeper protocol");
  if (version != kProtocolVersion)
    return Error(Code::kUnsupported,
                 StrCat("keeper protocol: version ", version, ", ours is ", kProtocolVersion))
        .Hint("restart the pod, so that it gets a keeper of this release");
  CAISSON_TRY(FieldReader(in).Needs("type", type).Done(), "keeper protocol");
  return in;
}

json ToObject(const ExitRecord& record) {
  return json{{"container", record.container_id}, {"name", record.name},
              {"attempt", record.attempt},        {"code", record.code},
              {"signal", record.signal},          {"oom_killed", record.oom_killed},
              {"started", record.started_at_ns},  {"finished", record.finished_at_ns}};
}

Status FromObject(const json& in, ExitRecord& record) {
  return FieldReader(in)
      .Needs("container", record.container_id)
      .Needs("name", record.name)
      .Needs("attempt", record.attempt)
      .Needs("code", record.code)
      .Needs("signal", record.signal)
      .Takes("oom_killed", record.oom_killed)
      .Takes("started", record.started_at_ns)
      .Takes("finished", record.finished_at_ns)
      .Done();
}

json ToObject(const ContainerInfo& info) {
  json out{{"container", info.container_id}, {"name", info.name},
           {"attempt", info.attempt},        {"state", NameOf(info.state)},
           {"pid", info.host_pid},           {"started", info.started_at_ns}};
  if (info.exit) out["exit"] = ToObject(*info.exit);
  return out;
}

Status FromObject(const json& in, ContainerInfo& info) {
  std::string state;
  CAISSON_TRY(FieldReader(in)
                  .Needs("container", info.container_id)
                  .Needs("name", info.name)
                  .Needs("attempt", info.attempt)
                  .Needs("state", state)
                  .Takes("pid", info.host_pid)
                  .Takes("started", info.started_at_ns)
                  .Done());
  std::size_t i = 0;
  while (i < kStateNames.size() && kStateNames[i] != state) ++i;
  if (i == kStateNames.size())
    return Error(Code::kInvalidSpec, StrCat("state: unknown value \"", state, "\""));
  info.state = static_cast<ContainerState>(i);
  if (in.contains("exit")) CAISSON_TRY(FromObject(in["exit"], info.exit.emplace()), "exit");
  return Ok();
}

json ToObject(const KeeperInfo& info) {
  return json{{"pid", info.host_pid},    {"pod_uid", info.pod_uid}, {"boot_id", info.boot_id},
              {"net", info.net_inode},   {"ipc", info.ipc_inode},   {"uts", info.uts_inode},
              {"pid_ns", info.pid_inode}};
}

Status FromObject(const json& in, KeeperInfo& info) {
  return FieldReader(in)
      .Needs("pid", info.host_pid)
      .Needs("pod_uid", info.pod_uid)
      .Needs("boot_id", info.boot_id)
      .Takes("net", info.net_inode)
      .Takes("ipc", info.ipc_inode)
      .Takes("uts", info.uts_inode)
      .Takes("pid_ns", info.pid_inode)
      .Done();
}

json ToObject(const Error& error) {
  return json{{"code", static_cast<int>(error.code())},
              {"errno", error.sys_errno()},
              {"message", error.message()},
              {"hint", error.hint()}};
}

Status TakeError(const json& in, std::optional<Error>& out) {
  int code = 0;
  int sys_errno = 0;
  std::string message;
  std::string hint;
  CAISSON_TRY(FieldReader(in)
                  .Needs("code", code)
                  .Takes("errno", sys_errno)
                  .Needs("message", message)
                  .Takes("hint", hint)
                  .Done());
  if (code < 0 || code > static_cast<int>(Code::kInternal))
    return Error(Code::kInvalidSpec, "code: out of range");
  Error error(static_cast<Code>(code), std::move(message), sys_errno);
  out.emplace(hint.empty() ? std::move(error) : std::move(error).Hint(hint));
  return Ok();
}

Result<FromKeeper> TakeResponse(const json& in) {
  Response response;
  CAISSON_TRY(FieldReader(in).Needs("seq", response.seq).Done());
  if (in.contains("error")) CAISSON_TRY(TakeError(in["error"], response.error), "error");
  if (in.contains("keeper")) CAISSON_TRY(FromObject(in["keeper"], response.keeper.emplace()));
  if (const auto list = in.find("containers"); list != in.end()) {
    if (!list->is_array()) return Error(Code::kInvalidSpec, "containers: expected an array");
    for (const json& item : *list)
      CAISSON_TRY(FromObject(item, response.containers.emplace_back()), "containers");
  }
  return FromKeeper(std::move(response));
}

}  // namespace

std::string_view NameOf(ContainerState state) {
  return kStateNames[static_cast<std::size_t>(state)];
}

std::string Encode(const Request& request) {
  json out = Packet(kRequestNames[request.body.index()]);
  out["seq"] = request.seq;
  std::visit([&](const auto& body) { Put(out, body); }, request.body);
  return Dump(out);
}

std::string Encode(const Response& response) {
  json out = Packet("response");
  out["seq"] = response.seq;
  if (response.error) out["error"] = ToObject(*response.error);
  if (response.keeper) out["keeper"] = ToObject(*response.keeper);
  for (const ContainerInfo& info : response.containers) out["containers"].push_back(ToObject(info));
  return Dump(out);
}

std::string Encode(const ExitedEvent& event) {
  json out = Packet("exited");
  out["exit"] = ToObject(event.exit);
  return Dump(out);
}

Result<Request> DecodeRequest(std::string_view bytes) {
  std::string type;
  CAISSON_ASSIGN(const json in, Open(bytes, type));
  Request request;
  CAISSON_TRY(FieldReader(in).Needs("seq", request.seq).Done(), "keeper protocol");
  CAISSON_TRY(TakeBody(in, type, request.body), "keeper protocol: request \"", type, "\"");
  return request;
}

Result<FromKeeper> DecodeFromKeeper(std::string_view bytes) {
  std::string type;
  CAISSON_ASSIGN(const json in, Open(bytes, type));
  if (type == "response") {
    CAISSON_ASSIGN(FromKeeper response, TakeResponse(in), "keeper protocol: response");
    return response;
  }
  if (type == "exited") {
    ExitedEvent event;
    if (!in.contains("exit"))
      return Error(Code::kInvalidSpec, "keeper protocol: event \"exited\": exit: missing");
    CAISSON_TRY(FromObject(in["exit"], event.exit), "keeper protocol: event \"exited\"");
    return FromKeeper(std::move(event));
  }
  return Error(Code::kUnsupported, StrCat("keeper protocol: unknown packet \"", type, "\""));
}

std::string ToJson(const ExitRecord& record) { return Dump(ToObject(record)); }

Result<ExitRecord> ParseExitRecord(std::string_view text) {
  CAISSON_ASSIGN(const json in, ParseJson(text, "exit record"));
  ExitRecord record;
  CAISSON_TRY(FromObject(in, record), "exit record");
  return record;
}

}  // namespace caisson::keeper_client
