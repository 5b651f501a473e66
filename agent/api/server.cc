// SPDX-License-Identifier: Apache-2.0
#include "agent/api/server.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "agent/api/caisson_routes.h"
#include "agent/api/discovery.h"
#include "agent/api/http_engine.h"
#include "agent/api/meta_routes.h"
#include "agent/api/node.h"
#include "agent/api/object_routes.h"
#include "agent/api/pod_routes.h"
#include "runtime/base/log.h"

namespace caisson::api {
namespace {

// Every connection has a thread; watchers and log followers hold theirs for hours.
constexpr std::size_t kMaxConnections = 1024;

// What a fresh agent needs to take pods: the namespace "default", and its node.
Status SeedObjects(const Services& services) {
  using nlohmann::json;
  if (!services.store.Get({store::Kind::kNamespace, "", "default"})) {
    json ns{{"kind", "Namespace"}, {"apiVersion", "v1"}, {"metadata", {{"name", "default"}}}};
    ServedKindOf(store::Kind::kNamespace).set_defaults(ns, services.node_name);
    CAISSON_TRY(services.store.Create(store::Kind::kNamespace, std::move(ns)));
  }
  if (!services.store.Get({store::Kind::kNode, "", services.node_name}))
    CAISSON_TRY(services.store.Create(store::Kind::kNode, NodeDocument(services)));
  return Ok();
}

}  // namespace

class Server::Impl {
 public:
  Impl(Services services, UniqueFd stop) : services_(std::move(services)), stop_(std::move(stop)) {
    AddMetaRoutes(router_, services_);
    AddDiscoveryRoutes(router_);
    AddOpenApiRoutes(router_);
    AddObjectRoutes(router_, services_);
    AddPodRoutes(router_, services_);
    AddCaissonRoutes(router_, services_);
    engine_ = std::make_unique<HttpEngine>(router_, services_, stop_.get());
  }

  Status Open(std::vector<ListenAddress> addresses) {
    CAISSON_TRY(SeedObjects(services_));
    addresses_ = std::move(addresses);
    for (ListenAddress& address : addresses_) {
      CAISSON_ASSIGN(UniqueFd listener, Listen(address));
      listeners_.push_back(std::move(listener));
    }
    accepter_ = std::thread([this] { AcceptAll(); });
    return Ok();
  }

  void Stop() {
    const std::uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);  // never read: readable for all, for ever
    if (accepter_.joinable()) accepter_.join();
    std::unique_lock lock(mutex_);
    all_ended_.wait(lock, [this] { return connections_ == 0; });
  }

  const std::vector<ListenAddress>& addresses() const { return addresses_; }

 private:
  void AcceptAll() {
    std::vector<pollfd> fds;
    for (const UniqueFd& listener : listeners_) fds.push_back({listener.get(), POLLIN, 0});
    fds.push_back({stop_.get(), POLLIN, 0});
    for (;;) {
      if (::poll(fds.data(), fds.size(), -1) < 0) continue;  // EINTR
      if (fds.back().revents != 0) break;
      for (std::size_t i = 0; i < listeners_.size(); ++i) {
        if (fds[i].revents != 0) AcceptOne(i);
      }
    }
    listeners_.clear();
    for (const ListenAddress& address : addresses_) {
      if (address.is_unix())
        (void)::unlink(address.path.c_str());  // the next start replaces it too
    }
  }

  void AcceptOne(std::size_t index) {
    UniqueFd socket(::accept4(listeners_[index].get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!socket.valid()) {
      if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
        Log(LogLevel::kWarning, "a connection was not accepted",
            {{"error", SysError("accept4", addresses_[index].Url()).message()}});
        // The connection stays in the queue: without a pause this would spin.
        pollfd stop{stop_.get(), POLLIN, 0};
        (void)::poll(&stop, 1, 100);
      }
      return;
    }
    {
      const std::lock_guard lock(mutex_);
      if (connections_ >= kMaxConnections) return;
      ++connections_;
    }
    if (!StartConnection(std::move(socket), !addresses_[index].is_unix())) ConnectionEnded();
  }

  bool StartConnection(UniqueFd socket, bool is_tcp) {
    try {
      std::thread([this, is_tcp, fd = std::move(socket)]() mutable {
        engine_->Serve(std::move(fd), is_tcp);
        ConnectionEnded();
      }).detach();
    } catch (const std::system_error& error) {  // the only way std::thread tells of EAGAIN
      Log(LogLevel::kWarning, "a connection was closed: no thread for it",
          {{"error", error.what()}});
      return false;
    }
    return true;
  }

  void ConnectionEnded() {
    const std::lock_guard lock(mutex_);
    --connections_;
    all_ended_.notify_all();
  }

  const Services services_;
  const UniqueFd stop_;
  Router router_;
  std::unique_ptr<HttpEngine> engine_;
  std::vector<ListenAddress> addresses_;
  std::vector<UniqueFd> listeners_;
  std::thread accepter_;
  std::mutex mutex_;
  std::condition_variable all_ended_;
  std::size_t connections_ = 0;
};

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { Stop(); }

Result<std::unique_ptr<Server>> Server::Start(Services services,
                                              std::vector<ListenAddress> addresses) {
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!stop.valid()) return SysError("eventfd", "API server");
  auto impl = std::make_unique<Impl>(std::move(services), std::move(stop));
  CAISSON_TRY(impl->Open(std::move(addresses)), "start API server");
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

void Server::Stop() { impl_->Stop(); }
const std::vector<ListenAddress>& Server::addresses() const { return impl_->addresses(); }

}  // namespace caisson::api
