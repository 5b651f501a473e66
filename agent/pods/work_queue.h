// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "agent/pods/backoff.h"

namespace caisson::pods {

// Keys that want to be worked on, and the threads that do it. A key is worked on by one thread at a
// time; asked for while it is, it comes once more afterwards; asked for often, it comes once.
// Thread-safe.
class WorkQueue {
 public:
  using Work = std::function<void(const std::string& key)>;

  explicit WorkQueue(Work work) : work_(std::move(work)) {}
  WorkQueue(const WorkQueue&) = delete;
  WorkQueue& operator=(const WorkQueue&) = delete;
  ~WorkQueue() { Stop(); }

  // Begins to work; what is asked for before waits.
  void Start(int threads);

  void Add(const std::string& key);
  // Add at that time; an earlier time for the same key wins.
  void AddAt(const std::string& key, SteadyTime when);

  // Ends the threads; what is worked on is finished first, what waits is dropped.
  void Stop();

 private:
  void Run();
  void PushLocked(const std::string& key);
  void PushDueLocked(SteadyTime now);

  const Work work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> ready_;
  std::set<std::string> queued_;  // keys in ready_
  std::set<std::string> running_;
  std::set<std::string> again_;  // asked for while running
  std::map<std::string, SteadyTime> timers_;
  bool stopped_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace caisson::pods
