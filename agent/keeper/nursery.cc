// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/nursery.h"

#include <malloc.h>
#include <signal.h>
#include <sys/prctl.h>

#include <optional>

#include "agent/keeper/keeper.h"
#include "agent/keeper/small_root.h"
#include "agent/keeper_client/protocol.h"
#include "runtime/base/file.h"
#include "runtime/base/socket.h"
#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/manager.h"

namespace caisson::keeper {
namespace {

Status JoinOwnCgroup(const NurseryOptions& options) {
  CAISSON_ASSIGN(const cgroup::Layout layout, cgroup::Layout::Detect(options.cgroup_root));
  CAISSON_ASSIGN(cgroup::Manager manager,
                 cgroup::Manager::Plan(layout, {.cgroups_path = options.own_cgroup}));
  // It holds the keepers of an earlier agent already: then it is just joined.
  if (Status made = manager.Create(); !made && made.error().code() != Code::kAlreadyExists)
    return std::move(made).error();
  return manager.JoinSelf();
}

// Whoever asked for it is told, and tells the user; a log of ours would only say it twice.
void Refuse(const UniqueFd& control, const Error& error) {
  keeper_client::Response response;
  response.error = error;
  (void)SendPacket(control, keeper_client::Encode(response));  // the agent may be gone
}

// In the child: one pod's keeper from here on.
Status BecomeKeeper(const keeper_client::KeeperConfig& config, UniqueFd control,
                    const UniqueFd& log) {
  if (::setsid() < 0) return SysError("setsid", "keeper");
  if (::dup2(log.get(), 2) < 0) return SysError("dup2", "keeper log");
  ::prctl(PR_SET_NAME, StrCat("keeper:", config.pod_name).substr(0, 15).c_str());
  Status kept = KeepPod(config, control);
  if (!kept && control.valid()) Refuse(control, kept.error());
  return kept;
}

}  // namespace

Status PrepareNursery(const NurseryOptions& options) {
  CAISSON_TRY(JoinOwnCgroup(options), "cgroup of the keepers");
  // The last that the kernel should take. Without CAP_SYS_RESOURCE it stays as it is.
  (void)WriteFileAt(kCwd, "/proc/self/oom_score_adj", "-999");
  return EnterSmallRoot(options.visible);
}

void AnnounceNursery(const UniqueFd& requests, const Status& prepared) {
  if (!prepared) return Refuse(requests, prepared.error());
  (void)SendPacket(requests, keeper_client::Encode(keeper_client::Response{}));  // as above
}

Status RunNursery(UniqueFd requests) {
  ::prctl(PR_SET_NAME, "keeper-nursery");
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGCHLD, &ignore, nullptr);  // the kernel reaps the keepers
  ::malloc_trim(0);
  while (true) {
    CAISSON_ASSIGN(Packet packet, ReceivePacket(requests, keeper_client::kMaxPacketBytes));
    if (packet.eof) return Ok();
    if (packet.fds.size() != 2) continue;  // nobody to tell
    UniqueFd control = std::move(packet.fds[0]);
    const UniqueFd log = std::move(packet.fds[1]);
    const auto config = keeper_client::ParseKeeperConfig(packet.bytes);
    if (!config) {
      Refuse(control, config.error());
      continue;
    }
    const pid_t pid = ::fork();
    if (pid < 0) Refuse(control, SysError("fork", "keeper"));
    if (pid == 0) {
      requests.Reset();
      return BecomeKeeper(*config, std::move(control), log);
    }
  }
}

}  // namespace caisson::keeper
