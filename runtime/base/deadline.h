// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>

namespace caisson {

// A point on the monotonic clock by which something must have happened. Every wait takes one.
class Deadline {
 public:
  using Clock = std::chrono::steady_clock;
  static Deadline After(std::chrono::milliseconds delay) { return Deadline(Clock::now() + delay); }
  static Deadline Never() { return Deadline(Clock::time_point::max()); }

  bool never() const { return at_ == Clock::time_point::max(); }
  bool passed() const { return !never() && Clock::now() >= at_; }
  Clock::time_point at() const { return at_; }

  // For poll(2): milliseconds left, rounded up, 0 when passed, -1 for never.
  int PollTimeoutMs() const {
    if (never()) return -1;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at_ - Clock::now()).count();
    return static_cast<int>(std::clamp<decltype(left)>(left, 0, 1'000'000'000));
  }

 private:
  explicit Deadline(Clock::time_point at) : at_(at) {}
  Clock::time_point at_;
};

}  // namespace caisson
