// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/work_queue.h"

#include <algorithm>

namespace caisson::pods {

void WorkQueue::Start(int threads) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
}

void WorkQueue::Add(const std::string& key) {
  const std::lock_guard lock(mutex_);
  PushLocked(key);
  changed_.notify_one();
}

void WorkQueue::AddAt(const std::string& key, SteadyTime when) {
  const std::lock_guard lock(mutex_);
  const auto [timer, is_new] = timers_.try_emplace(key, when);
  if (!is_new) timer->second = std::min(timer->second, when);
  changed_.notify_one();  // whoever waits may have to wait shorter
}

void WorkQueue::PushLocked(const std::string& key) {
  if (running_.contains(key)) {
    again_.insert(key);
  } else if (queued_.insert(key).second) {
    ready_.push_back(key);
  }
}

void WorkQueue::PushDueLocked(SteadyTime now) {
  for (auto timer = timers_.begin(); timer != timers_.end();) {
    if (timer->second > now) {
      ++timer;
      continue;
    }
    PushLocked(timer->first);
    timer = timers_.erase(timer);
  }
}

void WorkQueue::Run() {
  std::unique_lock lock(mutex_);
  while (!stopped_) {
    PushDueLocked(SteadyTime::clock::now());
    if (ready_.empty()) {
      const auto next = std::min_element(timers_.begin(), timers_.end(),
                                         [](auto& a, auto& b) { return a.second < b.second; });
      if (next == timers_.end()) {
        changed_.wait(lock);
      } else {
        const SteadyTime until = next->second;
        changed_.wait_until(lock, until);
      }
      continue;
    }
    const std::string key = std::move(ready_.front());
    ready_.pop_front();
    queued_.erase(key);
    running_.insert(key);
    if (!ready_.empty()) changed_.notify_one();
    lock.unlock();
    work_(key);
    lock.lock();
    running_.erase(key);
    if (again_.erase(key) > 0) PushLocked(key);
  }
}

void WorkQueue::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

}  // namespace caisson::pods
