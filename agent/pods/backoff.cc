// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/backoff.h"

#include <algorithm>

namespace caisson::pods {

SteadyTime Backoff::Fail(const BackoffRule& rule, SteadyTime now, std::chrono::milliseconds lasted,
                         bool first_at_once) {
  if (lasted >= rule.reset_after) Reset();
  if (!failed_before_ && first_at_once) {
    delay_ = std::chrono::milliseconds(0);
  } else if (delay_.count() == 0) {
    delay_ = rule.initial;
  } else {
    delay_ = std::min(delay_ * 2, rule.max);
  }
  failed_before_ = true;
  until_ = now + delay_;
  return until_;
}

}  // namespace caisson::pods
