// SPDX-License-Identifier: Apache-2.0
#include "agent/keeper_client/keeper.h"

namespace caisson::keeper_client {
namespace {

Result<ContainerInfo> OnlyContainer(Response response) {
  if (response.containers.size() != 1)
    return Error(Code::kInternal, "keeper protocol: the answer names no container");
  return std::move(response.containers.front());
}

}  // namespace

Result<Keeper::Reply> Keeper::Call(decltype(Request::body) body, std::span<const int> fds,
                                   Deadline deadline) {
  std::unique_lock lock(mutex_);
  if (lost_) return *lost_;
  Request request{.seq = ++last_seq_, .body = std::move(body)};
  const auto place = waiting_.emplace(request.seq, std::nullopt).first;
  lock.unlock();
  Status sent = SendPacket(socket_, Encode(request), fds);
  lock.lock();
  const auto done = [&] { return place->second.has_value() || lost_.has_value(); };
  if (sent && deadline.never()) {
    changed_.wait(lock, done);
  } else if (sent) {
    changed_.wait_until(lock, deadline.at(), done);
  }
  std::optional<Reply> reply = std::move(place->second);
  waiting_.erase(place);
  if (reply) {
    if (reply->response.error) return std::move(*reply->response.error);
    return std::move(*reply);
  }
  if (lost_) return *lost_;
  if (!sent) return std::move(sent).error().Wrap("keeper");
  silent_ = true;
  return Error(Code::kSystem, "keeper: no answer before the deadline", ETIMEDOUT);
}

Status Keeper::Hello(Deadline deadline) {
  CAISSON_ASSIGN(Reply reply, Call(HelloRequest{}, {}, deadline));
  if (!reply.response.keeper)
    return Error(Code::kInternal, "keeper protocol: the answer to hello is empty");
  info_ = std::move(*reply.response.keeper);
  if (info_.pod_uid != pod_uid_)
    return Error(Code::kWrongState, StrCat("keeper: it keeps pod ", info_.pod_uid));
  if (!reply.fds.empty()) netns_ = std::move(reply.fds.front());
  return Ok();
}

Result<ContainerInfo> Keeper::Create(CreateRequest request, const Trees& trees, Deadline deadline) {
  std::vector<int> fds = {trees.root.get()};
  for (const auto& [index, tree] : trees.sources) {
    request.mount_indexes.push_back(index);
    fds.push_back(tree.get());
  }
  CAISSON_ASSIGN(Reply reply, Call(std::move(request), fds, deadline));
  return OnlyContainer(std::move(reply.response));
}

Result<ContainerInfo> Keeper::Start(const std::string& container_id, Deadline deadline) {
  CAISSON_ASSIGN(Reply reply, Call(StartRequest{container_id}, {}, deadline));
  return OnlyContainer(std::move(reply.response));
}

Status Keeper::Signal(SignalRequest request, Deadline deadline) {
  CAISSON_TRY(Call(std::move(request), {}, deadline));
  return Ok();
}

Status Keeper::Remove(const std::string& container_id, Deadline deadline) {
  CAISSON_TRY(Call(RemoveRequest{container_id}, {}, deadline));
  return Ok();
}

Result<std::vector<ContainerInfo>> Keeper::List(Deadline deadline) {
  CAISSON_ASSIGN(Reply reply, Call(ListRequest{}, {}, deadline));
  return std::move(reply.response.containers);
}

Status Keeper::StopPod(Deadline deadline) {
  CAISSON_TRY(Call(StopPodRequest{}, {}, deadline));
  return Ok();
}

bool Keeper::silent() const {
  const std::lock_guard lock(mutex_);
  return silent_;
}

bool Keeper::gone() const {
  const std::lock_guard lock(mutex_);
  return lost_.has_value();
}

void Keeper::Deliver(Response response, std::vector<UniqueFd> fds) {
  const std::lock_guard lock(mutex_);
  silent_ = false;
  if (response.seq == 0) {
    // Nobody asked: the keeper could not be born, and says why.
    lost_ = response.error.value_or(Error(Code::kInternal, "keeper protocol: answer to nobody"));
  } else if (const auto place = waiting_.find(response.seq); place != waiting_.end()) {
    place->second = Reply{std::move(response), std::move(fds)};
  }
  changed_.notify_all();
}

void Keeper::Lose() {
  const std::lock_guard lock(mutex_);
  if (!lost_) lost_ = Error(Code::kSystem, "keeper: the connection has ended", ECONNRESET);
  changed_.notify_all();
}

}  // namespace caisson::keeper_client
