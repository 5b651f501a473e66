// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

namespace caisson::pods {

using SteadyTime = std::chrono::steady_clock::time_point;

// How long to wait before doing again what failed: at once the first time, then `initial`, and
// twice as long each time up to `max`. What went well for `reset_after` starts anew.
// Source: Kubernetes, "Pod Lifecycle", container restart policy.
struct BackoffRule {
  std::chrono::milliseconds initial = std::chrono::seconds(10);
  std::chrono::milliseconds max = std::chrono::minutes(5);
  std::chrono::milliseconds reset_after = std::chrono::minutes(10);
};

// Pure: the clock is the caller's. Thread-compatible: one owner at a time.
class Backoff {
 public:
  // It failed at `now`, after having gone well for `lasted`; returns when it may be tried again.
  // `first_at_once` false: the first failure waits too (what failed cannot have changed yet).
  SteadyTime Fail(const BackoffRule& rule, SteadyTime now, std::chrono::milliseconds lasted,
                  bool first_at_once = true);
  void Reset() { *this = Backoff(); }

  std::chrono::milliseconds delay() const { return delay_; }  // of the last failure
  // Nothing: it may be tried now.
  std::optional<SteadyTime> WaitUntil(SteadyTime now) const {
    return now < until_ ? std::optional(until_) : std::nullopt;
  }

 private:
  bool failed_before_ = false;
  std::chrono::milliseconds delay_{0};
  SteadyTime until_{};
};

}  // namespace caisson::pods
