// SPDX-License-Identifier: Apache-2.0
#include "agent/api/log_follow.h"

#include <poll.h>
#include <sys/inotify.h>

#include <array>
#include <nlohmann/json.hpp>

#include "agent/pod_spec/pod_status.h"
#include "runtime/base/path.h"

namespace caisson::api {

Result<std::unique_ptr<LogFollower>> LogFollower::Start(store::Store& store,
                                                        const store::Object& pod, LogFile log,
                                                        const LogQuery& query) {
  std::unique_ptr<LogFollower> follower(new LogFollower(std::move(log), query, pod));
  follower->notify_ = UniqueFd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!follower->notify_.valid())
    return SysError("inotify_init1", query.container)
        .Hint("raise fs.inotify.max_user_instances with sysctl");
  // The folder tells of writes to the file and, when it is rotated, of its successor.
  if (::inotify_add_watch(follower->notify_.get(), follower->log_.folder.c_str(),
                          IN_MODIFY | IN_CREATE | IN_MOVED_TO) < 0)
    return SysError("inotify_add_watch", follower->log_.folder)
        .Hint("raise fs.inotify.max_user_watches with sysctl");
  // Both watches stand before the first look, so that nothing falls in between.
  CAISSON_ASSIGN(follower->changes_, store.Subscribe(store::Kind::kPod, 0));
  const auto now = store.Get(pod.key);
  follower->ended_ = !now || follower->EndedIn(*now);
  follower->reader_ = LogReader(std::move(follower->log_.file), query);
  CAISSON_TRY(follower->reader_.SeekToTail());
  return follower;
}

void LogFollower::Run(ReplyStream& stream) {
  for (;;) {
    // The keeper writes a container's last words before it tells of its end, so what is read after
    // the end is known is all there is.
    const bool last = ended_;
    if (!SendAll(stream) || reader_.exhausted() || last) return;
    std::array<pollfd, 4> fds{{{notify_.get(), POLLIN, 0},
                               {changes_->fd().get(), POLLIN, 0},
                               {stream.client_fd(), POLLRDHUP, 0},
                               {stream.stop_fd(), POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0) continue;  // EINTR
    if (fds[2].revents != 0 || fds[3].revents != 0) return;
    if (fds[0].revents != 0) ReadNotices();
    if (fds[1].revents != 0) ReadChanges();
  }
}

bool LogFollower::SendAll(ReplyStream& stream) {
  for (;;) {
    auto text = reader_.ReadMore();
    if (!text) return false;
    if (!text->empty()) {
      if (!stream.Write(*text)) return false;
      continue;
    }
    if (!rotated_) return true;
    rotated_ = false;
    auto next = OpenAt(kCwd, StrCat(log_.folder, "/", log_.name), O_RDONLY | O_NOFOLLOW);
    if (!next) return true;
    reader_.Continue(*std::move(next));
  }
}

void LogFollower::ReadNotices() {
  alignas(inotify_event) std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t size = ::read(notify_.get(), buffer.data(), buffer.size());
    if (size <= 0) return;
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      const bool ours = event->len > 0 && log_.name == event->name;
      if (ours && (event->mask & (IN_CREATE | IN_MOVED_TO)) != 0) rotated_ = true;
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
}

void LogFollower::ReadChanges() {
  for (;;) {
    const auto changes = changes_->Take();
    if (!changes) ended_ = true;  // fell behind the feed: what is there is sent, then it ends
    if (!changes || changes->empty()) return;
    for (const store::Change& change : *changes) {
      if (change.object.uid != pod_.uid) continue;
      if (change.type == store::ChangeType::kDeleted || EndedIn(change.object)) ended_ = true;
    }
  }
}

bool LogFollower::EndedIn(const store::Object& pod) const {
  if (pod.uid != pod_.uid) return true;
  const auto at = pod.document->find("status");
  if (at == pod.document->end()) return false;
  const pod_spec::PodStatus status = pod_spec::DecodePodStatus(*at);
  for (const auto* list : {&status.container_statuses, &status.init_container_statuses,
                           &status.ephemeral_container_statuses}) {
    for (const pod_spec::ContainerStatus& container : *list) {
      if (container.name != query_.container) continue;
      return container.restart_count > log_.restart ||
             (container.restart_count == log_.restart &&
              std::holds_alternative<pod_spec::StateTerminated>(container.state));
    }
  }
  return false;
}

}  // namespace caisson::api
