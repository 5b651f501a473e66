// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace caisson::test {

// What a test may need of the host beyond a plain user process.
enum class Need {
  kRoot,
  kCgroupV1Memory,  // a mounted v1 memory hierarchy
  kCgroupV2,        // cgroup v2 with the memory controller
  kNetNs,           // permission to make network namespaces, veth and bridge
  kUserNs,          // permission to make user namespaces
  kNftables,        // a kernel with nf_tables
  kOverlay,         // overlayfs
  kBusybox,         // /bin/busybox, static
};

// Empty when the host has it all, else the sentence that says what is missing.
std::string Missing(const std::vector<Need>& needs);

// Skips the test, with the reason, when the host lacks something. A need that CAISSON_TEST_NEEDS
// lists (comma-separated names as above without the k, or "all") must be there: then it fails.
#define CAISSON_REQUIRE(...)                                                                \
  do {                                                                                      \
    if (const auto missing_ = ::caisson::test::Missing({__VA_ARGS__}); !missing_.empty()) { \
      if (::caisson::test::MustHave({__VA_ARGS__})) FAIL() << missing_;                     \
      GTEST_SKIP() << missing_;                                                             \
    }                                                                                       \
  } while (false)
bool MustHave(const std::vector<Need>& needs);

}  // namespace caisson::test
