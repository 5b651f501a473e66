// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/work_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

namespace caisson::pods {
namespace {

constexpr std::chrono::seconds kLimit{20};

// Counts and lets tests wait for a count.
class Counter {
 public:
  void Add() {
    const std::lock_guard lock(mutex_);
    ++count_;
    changed_.notify_all();
  }
  bool WaitFor(int wanted) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kLimit, [&] { return count_ >= wanted; });
  }
  int count() {
    const std::lock_guard lock(mutex_);
    return count_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  int count_ = 0;
};

TEST(WorkQueue, KeyIsWorkedOnByOneThreadAtATimeAndOnceMoreWhenAskedMeanwhile) {
  Counter begun;
  Counter ended;
  Counter released;
  std::atomic<int> at_once{0};
  std::atomic<bool> overlapped{false};
  WorkQueue queue([&](const std::string&) {
    if (++at_once > 1) overlapped = true;
    begun.Add();
    (void)released.WaitFor(1);
    --at_once;
    ended.Add();
  });

  queue.Start(4);
  queue.Add("pod");
  ASSERT_TRUE(begun.WaitFor(1));
  for (int i = 0; i < 5; ++i) queue.Add("pod");
  released.Add();

  ASSERT_TRUE(ended.WaitFor(2));
  queue.Stop();
  EXPECT_EQ(ended.count(), 2);
  EXPECT_FALSE(overlapped);
}

TEST(WorkQueue, TimerThatIsEarlierWins) {
  Counter worked;
  WorkQueue queue([&](const std::string&) { worked.Add(); });

  queue.AddAt("pod", SteadyTime::clock::now() + std::chrono::hours(1));
  queue.AddAt("pod", SteadyTime::clock::now() + std::chrono::milliseconds(10));
  queue.Start(1);

  EXPECT_TRUE(worked.WaitFor(1));
}

TEST(WorkQueue, DifferentKeysAreWorkedOnSideBySide) {
  Counter begun;
  WorkQueue queue([&](const std::string&) {
    begun.Add();
    EXPECT_TRUE(begun.WaitFor(2));
  });

  queue.Add("one");
  queue.Add("two");
  queue.Start(2);

  EXPECT_TRUE(begun.WaitFor(2));
}

}  // namespace
}  // namespace caisson::pods
