// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "runtime/base/deadline.h"
#include "runtime/base/error.h"

namespace caisson::cgroup {

// Waits until the cgroup.events of a v2 directory has "key value"; the kernel wakes poll(2) when
// it changes. False when the deadline passed first. A directory that is gone counts as empty:
// true for "populated 0".
// Source: cgroup-v2.rst, cgroup.events.
Result<bool> WaitForEvent(const std::string& directory, std::string_view key,
                          std::string_view value, Deadline deadline);

// Pauses between looks at what the kernel does not notify: 0.2 ms, doubling up to 20 ms, never
// past the deadline. Thread-compatible: one owner at a time.
class ShortWait {
 public:
  explicit ShortWait(Deadline deadline) : deadline_(deadline) {}
  // False, at once, when the deadline has passed.
  bool Pause();

 private:
  Deadline deadline_;
  long next_us_ = 200;
};

// "12 (sleep)" for messages, "12" when it has just ended.
std::string DescribeProcess(pid_t host_pid);

}  // namespace caisson::cgroup
