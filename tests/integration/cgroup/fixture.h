// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>

#include <functional>
#include <string>

#include "runtime/base/process.h"
#include "runtime/cgroup/manager.h"
#include "tests/support/leak_check.h"
#include "tests/support/need.h"

namespace caisson::cgroup {

inline Deadline Soon() { return Deadline::After(std::chrono::seconds(10)); }

// A child of the test that is killed and reaped at the end.
ChildGuard Sleeper();
// A child that waits for a byte on the returned descriptor, then runs `fn` and exits with its
// value.
struct HeldChild {
  ChildGuard guard;
  UniqueFd go;
  void Release() { go.Reset(); }
};
HeldChild Held(const std::function<int()>& fn);

// A container's cgroup on this host, named after the test process, removed at the end.
class CgroupTest : public testing::Test {
 protected:
  CgroupTest();
  ~CgroupTest() override;

  // Plans and creates it; fails the test when that does not work.
  Manager& Create();
  Manager& Create(Request request);
  // The text of a file in the directory of a v1 controller, or in the v2 directory.
  std::string V1(std::string_view controller, const std::string& file);
  std::string V2(const std::string& file);

  test::LeakCheck leaks_;
  std::string name_;
  std::optional<Manager> manager_;
};

}  // namespace caisson::cgroup
