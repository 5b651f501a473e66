// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "agent/api/log_reader.h"
#include "agent/api/reply.h"
#include "agent/store/store.h"

namespace caisson::api {

// Follows a log until its container has ended (all of it is sent then), the pod is gone, the client
// has gone or the server stops. Woken by inotify and the store's feed, never by time.
class LogFollower {
 public:
  // Errors: kSystem when inotify watches are used up.
  static Result<std::unique_ptr<LogFollower>> Start(store::Store& store, const store::Object& pod,
                                                    LogFile log, const LogQuery& query);
  void Run(ReplyStream& stream);

 private:
  LogFollower(LogFile log, LogQuery query, store::Object pod)
      : log_(std::move(log)),
        query_(std::move(query)),
        pod_(std::move(pod)),
        reader_(UniqueFd(), query_) {}

  bool SendAll(ReplyStream& stream);
  // Takes in what inotify and the feed say.
  void ReadNotices();
  void ReadChanges();
  bool EndedIn(const store::Object& pod) const;

  LogFile log_;
  LogQuery query_;
  store::Object pod_;
  LogReader reader_;
  UniqueFd notify_;
  std::unique_ptr<store::Subscription> changes_;
  bool ended_ = false;
  bool rotated_ = false;
};

}  // namespace caisson::api
