// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper_client/keepers.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>

#include "runtime/base/file.h"
#include "runtime/base/log.h"
#include "runtime/base/path.h"

namespace caisson::keeper_client {
namespace {

constexpr std::chrono::seconds kNurseryLimit{20};

}  // namespace

Result<std::unique_ptr<Keepers>> Keepers::Open(KeepersOptions options, Callbacks callbacks) {
  UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  if (!epoll.valid()) return SysError("epoll_create1", "keepers");
  UniqueFd stop(::eventfd(0, EFD_CLOEXEC));
  if (!stop.valid()) return SysError("eventfd", "keepers");
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = stop.get();
  if (::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, stop.get(), &event) < 0)
    return SysError("epoll_ctl", "keepers");
  std::unique_ptr<Keepers> keepers(
      new Keepers(std::move(options), std::move(callbacks), std::move(epoll), std::move(stop)));
  CAISSON_TRY(keepers->StartNursery(), "start \"", keepers->options_.program, "\"");
  keepers->listener_ = std::thread([raw = keepers.get()] { raw->Listen(); });
  return keepers;
}

Keepers::~Keepers() {
  if (listener_.joinable()) {
    const std::uint64_t one = 1;
    (void)!::write(stop_.get(), &one, sizeof one);  // an eventfd takes it, or the thread is awake
    listener_.join();
  }
  for (const auto& [fd, keeper] : by_fd_) keeper->Lose();
  nursery_socket_.Reset();  // ends the nursery
  if (nursery_.valid()) (void)nursery_.Reap(Deadline::After(std::chrono::seconds(2)));
}

Status Keepers::StartNursery() {
  CAISSON_ASSIGN(auto pair, SeqpacketPair());
  Command command;
  command.argv = {options_.program, "--cgroup-root", options_.cgroup_root, "--own-cgroup",
                  options_.own_cgroup};
  for (const std::string& path : options_.visible)
    command.argv.insert(command.argv.end(), {"--visible", path});
  command.fds = {{pair.second.get(), kRequestsFd}, {2, 2}};
  command.cwd = "/";
  command.new_session = true;
  CAISSON_ASSIGN(Pidfd spawned, caisson::Spawn(command));
  ChildGuard guard(std::move(spawned));
  pair.second.Reset();
  // It answers or dies: either ends the wait.
  const timeval limit{.tv_sec = kNurseryLimit.count(), .tv_usec = 0};
  if (::setsockopt(pair.first.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0)
    return SysError("setsockopt", "keeper nursery");
  CAISSON_ASSIGN(const Packet packet, ReceivePacket(pair.first, kMaxPacketBytes), "keeper nursery");
  if (packet.eof) return Error(Code::kSystem, "keeper nursery: it died before it was ready");
  CAISSON_ASSIGN(const FromKeeper ready, DecodeFromKeeper(packet.bytes));
  if (const auto* response = std::get_if<Response>(&ready); response && response->error)
    return *response->error;
  nursery_ = guard.Disarm();
  nursery_socket_ = std::move(pair.first);
  return Ok();
}

Status Keepers::SendToNursery(std::string_view config, std::span<const int> fds) {
  const std::lock_guard lock(nursery_mutex_);
  if (nursery_socket_.valid() && SendPacket(nursery_socket_, config, fds)) return Ok();
  Log(LogLevel::kWarning, "the keeper nursery is gone; starting another");
  nursery_socket_.Reset();
  if (nursery_.valid()) {
    (void)nursery_.Signal(SIGKILL);  // most likely dead already
    (void)nursery_.Reap(Deadline::After(std::chrono::seconds(2)));
    nursery_ = Pidfd();
  }
  CAISSON_TRY(StartNursery());
  return SendPacket(nursery_socket_, config, fds);
}

Result<std::shared_ptr<Keeper>> Keepers::Spawn(const KeeperConfig& config, Deadline deadline) {
  CAISSON_ASSIGN(const UniqueFd dir, OpenAt(kCwd, config.run_dir, O_PATH | O_DIRECTORY));
  const std::string text = ToJson(config);
  CAISSON_TRY(AtomicWriteAt(dir, std::string(kConfigName), text, 0600, Durability::kThisBoot));
  CAISSON_ASSIGN(const UniqueFd log,
                 OpenAt(dir, std::string(kLogName), O_WRONLY | O_CREAT | O_APPEND, 0600));
  CAISSON_ASSIGN(auto pair, SeqpacketPair());
  const std::array<int, 2> fds = {pair.second.get(), log.get()};
  CAISSON_TRY(SendToNursery(text, fds), "keeper nursery");
  pair.second.Reset();
  return Adopt(config.pod_uid, std::move(pair.first), deadline);
}

Result<std::shared_ptr<Keeper>> Keepers::Connect(const std::string& pod_uid,
                                                 const std::string& pod_run_dir,
                                                 Deadline deadline) {
  CAISSON_ASSIGN(UniqueFd socket,
                 ConnectUnix(StrCat(pod_run_dir, "/", kSocketName), SocketType::kSeqpacket));
  return Adopt(pod_uid, std::move(socket), deadline);
}

Status Keepers::Kill(const std::string& pod_run_dir) {
  const auto socket = ConnectUnix(StrCat(pod_run_dir, "/", kSocketName), SocketType::kSeqpacket);
  if (!socket) return Ok();
  // Who listens holds the socket; should it end now, its pid is not used again before it is opened
  // or else the check below sees another program.
  CAISSON_ASSIGN(const PeerCredentials peer, ReadPeerCredentials(*socket));
  const auto keeper = Pidfd::Open(peer.pid);
  if (!keeper) return Ok();
  CAISSON_ASSIGN(const std::string name, ReadFile(StrCat("/proc/", peer.pid, "/comm")));
  if (!name.starts_with("keeper:"))
    return Error(Code::kWrongState, StrCat("process ", peer.pid, " is no keeper: ", Trim(name)));
  CAISSON_TRY(keeper->Signal(SIGKILL));
  CAISSON_ASSIGN(const bool ended, keeper->WaitEnded(Deadline::After(std::chrono::seconds(5))));
  if (!ended)
    return Error(Code::kSystem, StrCat("keeper ", peer.pid, " did not die of SIGKILL yet"),
                 ETIMEDOUT);
  return Ok();
}

Result<std::shared_ptr<Keeper>> Keepers::Adopt(const std::string& pod_uid, UniqueFd socket,
                                               Deadline deadline) {
  const int fd = socket.get();
  std::shared_ptr<Keeper> keeper(new Keeper(pod_uid, std::move(socket)));
  {
    const std::lock_guard lock(mutex_);
    by_fd_[fd] = keeper;
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) < 0) {
    Error error = SysError("epoll_ctl", "keeper");
    const std::lock_guard lock(mutex_);
    by_fd_.erase(fd);
    return error;
  }
  if (Status known = keeper->Hello(deadline); !known) {
    Forget(fd, keeper);
    return std::move(known).error();
  }
  return keeper;
}

void Keepers::Listen() {
  while (true) {
    std::array<epoll_event, 64> events;
    const int count =
        ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == stop_.get()) return;
      Receive(fd);
    }
  }
}

void Keepers::Receive(int fd) {
  std::shared_ptr<Keeper> keeper;
  {
    const std::lock_guard lock(mutex_);
    const auto found = by_fd_.find(fd);
    if (found == by_fd_.end()) return;
    keeper = found->second;
  }
  auto packet = ReceivePacket(keeper->socket_, kMaxPacketBytes);
  // A keeper that ended with a request unread resets the connection, which is told before its last
  // words; those are still there. Source: af_unix.c, unix_release_sock.
  if (!packet && packet.error().sys_errno() == ECONNRESET)
    packet = ReceivePacket(keeper->socket_, kMaxPacketBytes);
  if (!packet || packet->eof) {
    Forget(fd, keeper);
    callbacks_.lost(keeper->pod_uid());
    return;
  }
  auto message = DecodeFromKeeper(packet->bytes);
  if (!message) {
    Log(LogLevel::kError, message.error().ToString());
  } else if (auto* response = std::get_if<Response>(&*message)) {
    keeper->Deliver(std::move(*response), std::move(packet->fds));
  } else if (const auto* event = std::get_if<ExitedEvent>(&*message)) {
    callbacks_.exited(keeper->pod_uid(), event->exit);
  }
}

void Keepers::Forget(int fd, const std::shared_ptr<Keeper>& keeper) {
  keeper->Lose();
  const std::lock_guard lock(mutex_);
  const auto found = by_fd_.find(fd);
  if (found == by_fd_.end() || found->second != keeper) return;
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);  // fails only when not there
  by_fd_.erase(found);
}

}  // namespace caisson::keeper_client
