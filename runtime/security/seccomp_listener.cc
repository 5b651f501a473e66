// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "runtime/base/log.h"
#include "runtime/base/socket.h"
#include "runtime/security/seccomp.h"
#include "runtime/spec/config.h"

namespace caisson::security {

std::string ContainerProcessState(pid_t host_pid, std::string_view metadata,
                                  std::string_view state_json) {
  std::string json = StrCat("{\"ociVersion\":\"", spec::kOciVersion,
                            "\",\"fds\":[\"seccompFd\"],\"pid\":", host_pid);
  if (!metadata.empty()) json += StrCat(",\"metadata\":\"", JsonEscape(metadata), "\"");
  return StrCat(json, ",\"state\":", state_json, "}");
}

Status SendSeccompListener(const std::string& listener_path, FdView listener,
                           std::string_view container_process_state) {
  CAISSON_ASSIGN(const UniqueFd agent, ConnectUnix(listener_path, SocketType::kStream),
                 "linux.seccomp.listenerPath: failed to connect with seccomp agent");
  const std::array<int, 1> fds = {listener.get()};
  CAISSON_TRY(SendPacket(agent, container_process_state, fds), "linux.seccomp.listenerPath");
  return Ok();
}

}  // namespace caisson::security
