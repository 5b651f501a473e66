// SPDX-License-Identifier: Apache-2.0
#include "tests/support/leak_check.h"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/need.h"
#include "tests/support/temp_dir.h"

namespace caisson::test {
namespace {

using testing::HasSubstr;

// The check itself is checked: what it is there for must be seen.
TEST(HostState, SeesAMountAndADescriptor) {
  CAISSON_REQUIRE(Need::kRoot);
  const TempDir dir;
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNS) < 0 ||
        ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0)
      ::_exit(2);
    const HostState before = ReadHostState();
    if (::mount("none", dir.path().c_str(), "tmpfs", 0, nullptr) < 0) ::_exit(3);
    const UniqueFd file(::open("/etc/hostname", O_RDONLY | O_CLOEXEC));
    const std::string left = Difference(before, ReadHostState());
    const bool seen = left.find("mounts: +" + dir.path()) != std::string::npos &&
                      left.find("-> /etc/hostname") != std::string::npos;
    ::_exit(seen ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(Difference, NamesWhatCameAndWhatWent) {
  HostState before;
  before.kinds["links"] = {"lo", "eth0"};
  HostState after;
  after.kinds["links"] = {"lo", "veth1"};

  EXPECT_EQ(Difference(before, after), "links: +veth1\nlinks: -eth0\n");
  EXPECT_EQ(Difference(before, before), "");
}

}  // namespace
}  // namespace caisson::test
