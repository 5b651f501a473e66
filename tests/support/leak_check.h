// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <string>

#include "runtime/base/fd.h"

namespace caisson::test {

// What the host holds that a test could leave behind, by kind: mounts, links, nft tables, cgroups,
// named network namespaces, our processes, /run/caisson, and this process's descriptors.
struct HostState {
  std::map<std::string, std::set<std::string>> kinds;
};

// Reads it as this process sees it (its mount, network and pid namespaces).
HostState ReadHostState();

// What `after` has that `before` had not, and the other way round: "mounts: +/tmp/x". Empty: equal.
std::string Difference(const HostState& before, const HostState& after);

// Around a test that touches the host: takes the host-wide test lock (flock on
// /run/caisson-test.lock: two test runs must not see each other's things), remembers the host, and
// on destruction fails the test when it differs. The kernel tears namespaces down in the
// background, so a difference has ten seconds to go away.
class LeakCheck {
 public:
  LeakCheck();
  LeakCheck(const LeakCheck&) = delete;
  LeakCheck& operator=(const LeakCheck&) = delete;
  ~LeakCheck();

 private:
  UniqueFd lock_;
  HostState before_;
};

}  // namespace caisson::test
