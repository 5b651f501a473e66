// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "runtime/base/error.h"

namespace caisson::keeper_client {

// What the agent and a keeper say to each other over a SOCK_SEQPACKET socket: one JSON object a
// packet, descriptors beside it. The agent asks, the keeper answers with the same `seq`; events
// come unasked. A packet of another version is refused as a whole, so that an agent meeting a
// keeper of another release notices before it misreads anything.
inline constexpr int kProtocolVersion = 1;
inline constexpr std::size_t kMaxPacketBytes = std::size_t{64} << 10;

// Asks who the keeper is. The answer carries a descriptor of the pod's network namespace, unless
// the pod uses the host's.
struct HelloRequest {};

// Makes a container up to the point where only execve is left. Descriptors: the root as a detached
// mount, then one detached tree per entry of `mount_indexes`, in that order.
struct CreateRequest {
  std::string container_id;
  std::string name;                          // of the container in the pod
  std::uint32_t attempt = 0;                 // how many of that name were before it
  std::string bundle_dir;                    // holds config.json
  std::string log_path;                      // of the current log file; its folder exists
  std::vector<std::uint32_t> mount_indexes;  // which of the configuration's mounts they are for
  bool start = false;                        // at once: cheaper than asking twice
};

struct StartRequest {
  std::string container_id;
};

struct SignalRequest {
  std::string container_id;
  int signal = 0;
  bool all_processes = false;  // of the container's cgroup, not its init alone
};

// Kills what is left of the container and forgets it.
struct RemoveRequest {
  std::string container_id;
};

struct ListRequest {};

// Removes all containers and the pod's cgroup, answers, and ends the keeper.
struct StopPodRequest {};

struct Request {
  std::uint64_t seq = 0;
  std::variant<HelloRequest, CreateRequest, StartRequest, SignalRequest, RemoveRequest, ListRequest,
               StopPodRequest>
      body;
};

enum class ContainerState { kCreated, kRunning, kExited };
std::string_view NameOf(ContainerState state);

// How a container ended.
struct ExitRecord {
  std::string container_id;
  std::string name;
  std::uint32_t attempt = 0;
  int code = 0;    // 0 when signalled
  int signal = 0;  // 0 when it exited
  bool oom_killed = false;
  std::int64_t started_at_ns = 0;   // since the epoch; 0: it never ran
  std::int64_t finished_at_ns = 0;  // since the epoch
  friend bool operator==(const ExitRecord&, const ExitRecord&) = default;
};

struct ContainerInfo {
  std::string container_id;
  std::string name;
  std::uint32_t attempt = 0;
  ContainerState state = ContainerState::kCreated;
  int host_pid = 0;                // of its init; 0 when it has ended
  std::int64_t started_at_ns = 0;  // since the epoch; 0: not started
  std::optional<ExitRecord> exit;  // with kExited
};

struct KeeperInfo {
  int host_pid = 0;
  std::string pod_uid;
  std::string boot_id;
  std::uint64_t net_inode = 0;
  std::uint64_t ipc_inode = 0;
  std::uint64_t uts_inode = 0;
  std::uint64_t pid_inode = 0;  // of the containers when they share one; else 0
};

struct Response {
  std::uint64_t seq = 0;  // 0: nobody asked; the keeper could not be born
  std::optional<Error> error;
  std::optional<KeeperInfo> keeper;       // to Hello
  std::vector<ContainerInfo> containers;  // to List, Create, Start
};

struct ExitedEvent {
  ExitRecord exit;
};

using FromKeeper = std::variant<Response, ExitedEvent>;

std::string Encode(const Request& request);
std::string Encode(const Response& response);
std::string Encode(const ExitedEvent& event);

// Errors: kUnsupported for another version; kInvalidSpec for anything else that is wrong, naming
// the member.
Result<Request> DecodeRequest(std::string_view bytes);
Result<FromKeeper> DecodeFromKeeper(std::string_view bytes);

// The exit record as it is kept on disk.
std::string ToJson(const ExitRecord& record);
Result<ExitRecord> ParseExitRecord(std::string_view json);

}  // namespace caisson::keeper_client
