// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/cgroup/record.h"

namespace caisson::cgroup {

// What a memory cgroup has counted since it was made.
struct OomCounts {
  std::uint64_t kills = 0;  // processes of it (v2: or below it) that the OOM killer took
  // Times this very level had no memory left under its limit. On v1 also times when some could be
  // reclaimed: there it hints at the level rather than proves it.
  std::uint64_t limit_hits = 0;
  friend bool operator==(const OomCounts&, const OomCounts&) = default;
};

// Tells when the OOM killer was at work in a cgroup. Readable (poll, epoll) when something may have
// happened; then Read. The kernel notifies on v1 before it kills, so a reader that wants the kill
// counted looks again when the process has ended.
// Thread-compatible: one owner at a time.
class OomWatch {
 public:
  // Errors: kNotFound when the cgroup is gone; kUnsupported without a memory controller.
  // Source: cgroup-v2.rst, memory.events (inotify); cgroup-v1/memory.rst, "OOM Control" (eventfd).
  static Result<OomWatch> Open(const Record& record);

  const UniqueFd& fd() const { return event_; }

  // Clears the readiness and reads the counters. When the cgroup is gone: the last that were seen.
  Result<OomCounts> Read();

 private:
  UniqueFd event_;   // inotify or eventfd
  UniqueFd counts_;  // memory.events or memory.oom_control
  std::string path_;
  Version version_ = Version::kV2;
  OomCounts last_;
};

// Who ran out of memory, from the counters before and after a kill in a container: the innermost
// level whose own limit was hit; an ancestor (or the host) when none of ours was.
enum class OomLevel { kContainer, kPod, kAncestor };
OomLevel AttributeOom(const OomCounts& container_before, const OomCounts& container_after,
                      const OomCounts& pod_before, const OomCounts& pod_after);
std::string_view NameOf(OomLevel level);

}  // namespace caisson::cgroup
