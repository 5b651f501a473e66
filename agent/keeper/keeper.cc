// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper/keeper.h"

#include <malloc.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>

#include "agent/keeper/containers.h"
#include "agent/keeper/event_loop.h"
#include "agent/keeper/pod_namespaces.h"
#include "agent/keeper/server.h"
#include "runtime/base/log.h"
#include "runtime/base/rollback.h"
#include "runtime/cgroup/layout.h"
#include "runtime/cgroup/manager.h"
#include "runtime/spec/config.h"

namespace caisson::keeper {
namespace {

using keeper_client::KeeperConfig;
using keeper_client::Request;

constexpr std::chrono::seconds kRemoveLimit{5};

Result<cgroup::Manager> MakePodCgroup(const KeeperConfig& config) {
  CAISSON_ASSIGN(const cgroup::Layout layout, cgroup::Layout::Detect(config.cgroup_root));
  CAISSON_ASSIGN(cgroup::Manager manager,
                 cgroup::Manager::Plan(layout, {.cgroups_path = config.pod_cgroup}));
  CAISSON_TRY(manager.Create());
  if (config.pod_resources.empty()) return manager;
  const auto limit = [&]() -> Status {
    CAISSON_ASSIGN(const spec::Resources resources, spec::ParseResources(config.pod_resources));
    return manager.Apply(resources, cgroup::ApplyFor::kUpdate);
  };
  if (Status limited = limit(); !limited) {
    (void)manager.Remove(Deadline::After(kRemoveLimit));  // the first error is the one that counts
    return std::move(limited).error();
  }
  return manager;
}

// Children tell of their end by a descriptor instead of a handler, which would interrupt the
// runtime's own system calls.
Result<UniqueFd> OpenChildSignals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGCHLD);
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  ::sigaction(SIGCHLD, &by_default, nullptr);
  if (::sigprocmask(SIG_BLOCK, &set, nullptr) < 0) return SysError("sigprocmask", "SIGCHLD");
  UniqueFd fd(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd.valid()) return SysError("signalfd", "SIGCHLD");
  return fd;
}

// Everything one pod's keeper holds.
class Keeper {
 public:
  Keeper(const KeeperConfig& config, EventLoop& loop, cgroup::Manager pod_cgroup,
         PodNamespaces namespaces, keeper_client::KeeperInfo info)
      : config_(config),
        loop_(loop),
        pod_cgroup_(std::move(pod_cgroup)),
        namespaces_(std::move(namespaces)),
        info_(std::move(info)),
        containers_(config, loop, [this](const keeper_client::ExitRecord& exit) {
          if (server_) server_->Tell({exit});
        }) {}

  Status Run(UniqueFd& control) {
    CAISSON_ASSIGN(const UniqueFd signals, OpenChildSignals());
    CAISSON_TRY(loop_.Watch(signals, EPOLLIN, [&](std::uint32_t) {
      signalfd_siginfo taken;
      while (::read(signals.get(), &taken, sizeof taken) > 0) {
      }
      containers_.ReapChildren();
    }));
    const std::string socket = StrCat(config_.run_dir, "/", keeper_client::kSocketName);
    CAISSON_ASSIGN(server_, Server::Open(loop_, socket, std::move(control),
                                         [this](const Request& request, const auto& fds) {
                                           return Serve(request, fds);
                                         }));
    ::malloc_trim(0);
    CAISSON_TRY(loop_.Run());
    server_.reset();
    (void)::unlink(socket.c_str());  // the agent removes the folder; the file is only tidied early
    return Ok();
  }

 private:
  Answer Serve(const Request& request, const std::vector<UniqueFd>& fds) {
    Answer answer;
    if (Status done =
            std::visit([&](const auto& body) { return Do(body, fds, answer); }, request.body);
        !done)
      answer.response.error = std::move(done).error();
    // Configurations are large next to what stays of them.
    ::malloc_trim(0);
    return answer;
  }

  using Fds = std::vector<UniqueFd>;
  Status Do(const keeper_client::HelloRequest&, const Fds&, Answer& answer) {
    answer.response.keeper = info_;
    answer.fd = namespaces_.net.get();
    return Ok();
  }
  Status Do(const keeper_client::CreateRequest& request, const Fds& fds, Answer& answer) {
    CAISSON_TRY(containers_.Create(request, fds));
    return Tell(request.container_id, answer);
  }
  Status Do(const keeper_client::StartRequest& request, const Fds&, Answer& answer) {
    CAISSON_TRY(containers_.Start(request.container_id));
    return Tell(request.container_id, answer);
  }
  Status Do(const keeper_client::SignalRequest& request, const Fds&, Answer&) {
    return containers_.Signal(request);
  }
  Status Do(const keeper_client::RemoveRequest& request, const Fds&, Answer&) {
    return containers_.Remove(request.container_id);
  }
  Status Do(const keeper_client::ListRequest&, const Fds&, Answer& answer) {
    answer.response.containers = containers_.List();
    return Ok();
  }
  Status Do(const keeper_client::StopPodRequest&, const Fds&, Answer&) {
    CAISSON_TRY(containers_.RemoveAll());
    { const ChildGuard ended = std::move(namespaces_.reaper); }
    CAISSON_TRY(pod_cgroup_.Remove(Deadline::After(kRemoveLimit)));
    loop_.Stop();  // the answer still goes out: this is called from the loop
    return Ok();
  }
  Status Tell(const std::string& id, Answer& answer) {
    CAISSON_ASSIGN(auto container, containers_.Info(id));
    answer.response.containers.push_back(std::move(container));
    return Ok();
  }

  const KeeperConfig& config_;
  EventLoop& loop_;
  cgroup::Manager pod_cgroup_;
  PodNamespaces namespaces_;
  keeper_client::KeeperInfo info_;
  Containers containers_;
  std::unique_ptr<Server> server_;
};

}  // namespace

Status KeepPod(const KeeperConfig& config, UniqueFd& control) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  CAISSON_ASSIGN(const auto loop, EventLoop::Make());
  CAISSON_ASSIGN(cgroup::Manager pod_cgroup, MakePodCgroup(config), "pod cgroup \"",
                 config.pod_cgroup, "\"");
  Rollback undo;
  undo.Add([cgroup = pod_cgroup] { (void)cgroup.Remove(Deadline::After(kRemoveLimit)); });
  CAISSON_ASSIGN(PodNamespaces namespaces, EnterPodNamespaces(config), "pod namespaces");
  CAISSON_ASSIGN(keeper_client::KeeperInfo info, Describe(config, namespaces));
  Keeper keeper(config, *loop, std::move(pod_cgroup), std::move(namespaces), std::move(info));
  CAISSON_TRY(keeper.Run(control));
  undo.Disarm();
  return Ok();
}

}  // namespace caisson::keeper
