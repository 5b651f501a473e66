// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/daemon.h"

#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <memory>

#include "agent/api/server.h"
#include "agent/daemon/image_service.h"
#include "agent/daemon/node_address.h"
#include "agent/daemon/node_metrics.h"
#include "agent/daemon/notify.h"
#include "agent/pods/pod_manager.h"
#include "metrics/names.h"
#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace caisson::daemon {
namespace {

// One agent per run directory. The lock goes with the process, however it ends.
Result<UniqueFd> TakeLock(const Config& config) {
  const std::string path = StrCat(config.run_dir, "/caissond.lock");
  CAISSON_ASSIGN(UniqueFd fd, OpenAt(kCwd, path, O_RDWR | O_CREAT, 0600));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) < 0)
    return Error(Code::kWrongState, StrCat("another caissond uses \"", config.run_dir, "\""))
        .Hint("stop it, or choose another --run-dir");
  return fd;
}

// Sockets, watches and two descriptors per pod: the default of 1024 is soon too few.
void RaiseFileLimit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) < 0) return;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);  // then it is as it was
}

std::string DirectoryOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

Result<std::string> FindKeeper(const Config& config) {
  if (!config.keeper.empty()) return config.keeper;
  std::array<char, 4096> own;
  const ssize_t size = ::readlink("/proc/self/exe", own.data(), own.size());
  if (size < 0) return SysError("readlink", "/proc/self/exe");
  const std::string folder = DirectoryOf({own.data(), static_cast<std::size_t>(size)});
  for (const char* place : {"/caisson-keeper", "/../libexec/caisson/caisson-keeper"}) {
    std::string path = folder + place;
    if (::access(path.c_str(), X_OK) == 0) return path;
  }
  return Error(Code::kNotFound, StrCat("caisson-keeper is not beside this program in ", folder))
      .Hint("name it by --keeper");
}

Result<network::PodNetworkConfig> NetworkConfig(const Config& config) {
  network::PodNetworkConfig network;
  network.bridge = config.bridge;
  CAISSON_ASSIGN(network.pod_cidr, network::Cidr::Parse(config.pod_cidr), "pod-cidr");
  if (!config.pod_cidr_v6.empty()) {
    CAISSON_ASSIGN(network.pod_cidr_v6, network::Cidr::Parse(config.pod_cidr_v6), "pod-cidr-v6");
  }
  network.mtu = config.mtu;
  network.masquerade = config.masquerade;
  network.table = config.nft_table;
  network.state_dir = StrCat(config.run_dir, "/network");
  return network;
}

std::string HostName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "localhost";
}

pods::PodsConfig PodsConfigOf(const Config& config) {
  pods::PodsConfig pods;
  pods.run_dir = config.run_dir;
  pods.data_dir = config.data_dir;
  pods.log_dir = config.log_dir;
  pods.cgroup_root = config.cgroup_root;
  pods.cgroup_parent = config.cgroup_parent;
  pods.node_name = config.node_name.empty() ? HostName() : config.node_name;
  pods.host_ips = {config.node_ip.empty() ? FindNodeAddress() : config.node_ip};
  pods.cluster_dns = config.cluster_dns;
  pods.cluster_domain = config.cluster_domain;
  pods.host_root = config.host_root;
  pods.pids_limit = config.pids_limit;
  pods.workers = static_cast<int>(config.workers);
  pods.restart_backoff.initial = std::chrono::milliseconds(config.restart_backoff_ms);
  pods.restart_backoff.max = std::chrono::milliseconds(config.restart_backoff_max_ms);
  pods.image_backoff = pods.restart_backoff;
  pods.log_rotation = {.max_bytes = config.container_log_max_bytes,
                       .max_files = config.container_log_max_files};
  return pods;
}

Result<std::vector<api::ListenAddress>> Addresses(const Config& config) {
  std::vector<api::ListenAddress> addresses;
  std::vector<std::string> texts = {StrCat("unix://", config.SocketPath())};
  texts.insert(texts.end(), config.listen.begin(), config.listen.end());
  for (const std::string& text : texts) {
    CAISSON_ASSIGN(addresses.emplace_back(), api::ParseListenAddress(text), "listen");
  }
  return addresses;
}

// Signals are waited for, not handled: blocked before the first thread, so in all of them.
sigset_t BlockEndSignals() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGTERM);
  ::sigaddset(&set, SIGINT);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, nullptr);
  return set;
}

void TellReady(int ready_fd) {
  NotifyServiceManager("READY=1");
  if (ready_fd < 0) return;
  const UniqueFd fd(ready_fd);
  const Status told = WriteAll(fd, "ready\n", "ready-fd");
  if (!told) Log(LogLevel::kWarning, told.error().ToString());
}

// The names were checked when the setting was read.
unsigned SeriesOf(const Config& config) {
  unsigned series = 0;
  for (const std::string& group : config.metrics)
    series |= metrics::SeriesGroupNamed(group).value();
  return series;
}

}  // namespace

Status RunAgent(const Config& config, int ready_fd) {
  const sigset_t end_signals = BlockEndSignals();
  RaiseFileLimit();
  CAISSON_TRY(MakeDirs(config.run_dir, 0700));
  CAISSON_TRY(MakeDirs(config.data_dir, 0700));
  CAISSON_ASSIGN(const UniqueFd lock, TakeLock(config));
  pods::PodsConfig pods_config = PodsConfigOf(config);
  CAISSON_ASSIGN(pods_config.keeper_program, FindKeeper(config));
  CAISSON_ASSIGN(const auto store, store::Store::Open(config.data_dir), "store");
  CAISSON_ASSIGN(const auto images, image::Store::Open(StrCat(config.data_dir, "/images")),
                 "images");
  CAISSON_ASSIGN(const auto network_config, NetworkConfig(config));
  CAISSON_ASSIGN(const auto network, network::PodNetwork::Open(network_config), "network");
  StoreImageService image_service(*images);
  NodeMetrics node_metrics(*store, config.cgroup_root, SeriesOf(config));
  api::Services services{.store = *store,
                         .node_name = pods_config.node_name,
                         .node_ip = pods_config.host_ips.front(),
                         .log_dir = config.log_dir,
                         .upload_dir = StrCat(config.data_dir, "/uploads"),
                         .version = CAISSON_VERSION,
                         .max_pods = static_cast<int>(config.max_pods),
                         .images = &image_service};
  node_metrics.Serve(services);
  CAISSON_TRY(MakeDirs(services.upload_dir, 0700));
  CAISSON_ASSIGN(auto pods, pods::PodManager::Start(std::move(pods_config), *store, *images,
                                                    *network, node_metrics.Hooks()));
  node_metrics.Follow(pods.get());
  CAISSON_ASSIGN(auto addresses, Addresses(config));
  CAISSON_ASSIGN(auto server, api::Server::Start(services, std::move(addresses)), "API");
  for (const api::ListenAddress& address : server->addresses())
    Log(LogLevel::kInfo, "the API answers", {{"url", address.Url()}});
  TellReady(ready_fd);

  int signal = 0;
  ::sigwait(&end_signals, &signal);
  NotifyServiceManager("STOPPING=1");
  Log(LogLevel::kInfo, "ending; pods live on");
  server->Stop();
  node_metrics.Follow(nullptr);
  pods.reset();
  return Ok();
}

Status Cleanup(const Config& config) {
  CAISSON_TRY(MakeDirs(config.run_dir, 0700));
  {
    CAISSON_ASSIGN(const UniqueFd lock, TakeLock(config));
    CAISSON_TRY(pods::RemoveEverything(PodsConfigOf(config)));
    CAISSON_ASSIGN(const auto network_config, NetworkConfig(config));
    CAISSON_ASSIGN(const auto network, network::PodNetwork::Open(network_config), "network");
    CAISSON_TRY(network->Teardown(), "network");
    CAISSON_ASSIGN(const auto store, store::Store::Open(config.data_dir), "store");
    for (const store::Object& pod : store->ListAll(store::Kind::kPod).objects)
      CAISSON_TRY(store->Remove(pod.key, pod.uid));
    CAISSON_ASSIGN(const auto images, image::Store::Open(StrCat(config.data_dir, "/images")),
                   "images");
    for (const std::string& key : images->ListSnapshots()) CAISSON_TRY(images->RemoveSnapshot(key));
  }
  return RemoveTree(kCwd, config.run_dir);
}

}  // namespace caisson::daemon
