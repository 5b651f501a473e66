// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/integration/rootfs/box.h"
#include "tests/support/need.h"

namespace caisson::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// The container's root is nobody on the host.
class UserNamespace : public ::testing::Test {
 protected:
  void SetUp() override {
    CAISSON_REQUIRE(Need::kRoot, Need::kUserNs);
    box_.namespaces |= CLONE_NEWUSER;
    box_.config.root->readonly = false;
    ASSERT_EQ(::chown(box_.Rootfs("").c_str(), kFirstHostId, kFirstHostId), 0);
  }
  Box box_;
};

TEST_F(UserNamespace, HasAllMountsAndTheHostsDeviceNodes) {
  const std::string seen = box_.Look([] {
    return StrCat(Mountinfo(), Describe("/dev/zero"), " ", WriteTo("/dev/null", "x"), " ",
                  Describe("/dev/ptmx"));
  });

  EXPECT_THAT(seen, AllOf(HasSubstr("/proc rw,relatime proc"), HasSubstr("/dev/pts rw,nosuid"),
                          HasSubstr("/sys ro,nosuid,nodev,noexec,relatime sysfs"),
                          HasSubstr("/dev/zero rw")));
  EXPECT_THAT(seen, HasSubstr("c 1:5 666 65534:65534 ok l pts/ptmx"));
}

TEST_F(UserNamespace, SysIsTheHostsReadonlyWithoutANetworkNamespace) {
  box_.namespaces &= ~std::uint64_t{CLONE_NEWNET};

  const std::string seen = box_.Look([] { return Mountinfo(); });

  EXPECT_THAT(seen, HasSubstr("/sys ro,nosuid,nodev,noexec,relatime"));
  EXPECT_THAT(seen, Not(HasSubstr("/sys/fs/cgroup rw")));
  EXPECT_THAT(seen, Not(HasSubstr("/sys/fs/cgroup/memory rw")));
}

TEST_F(UserNamespace, AReadonlyBindStaysSo) {
  box_.dir.Write("volume/file", "content\n");
  ASSERT_EQ(::chmod((box_.dir / "volume").c_str(), 0777), 0);
  box_.Mount({.destination = "/v",
              .type = "bind",
              .source = "volume",
              .options = {"rbind", "ro", "nosuid"}});

  const std::string seen = box_.Look(
      [] { return StrCat(WriteTo("/v/x", "x"), " ", ReadAll("/v/file"), MountLine("/v")); });

  EXPECT_THAT(seen, StartsWith("errno EROFS content\n/v ro,nosuid"));
}

TEST_F(UserNamespace, AnIdMappedBindUsesTheContainersMappings) {
  const HostMount volume(box_.dir / "volume", 0, MS_PRIVATE);
  box_.dir.Write("volume/file", "content\n");
  box_.config.linux.uid_mappings = {{0, kFirstHostId, 65536}};
  box_.config.linux.gid_mappings = {{0, kFirstHostId, 65536}};
  box_.Mount(
      {.destination = "/v", .type = "bind", .source = "volume", .options = {"rbind", "ridmap"}});

  EXPECT_EQ(box_.Look([] { return Describe("/v/file"); }), "f 644 0:0");
}

TEST_F(UserNamespace, AGroupWithoutMappingIsNamed) {
  for (spec::Mount& mount : box_.config.mounts) {
    if (mount.type == "devpts") mount.options.push_back("gid=70000");
  }

  const Error error = box_.Refusal();

  // Kernels differ in when they look at it.
  EXPECT_THAT(error.message(), StartsWith("mount #2 devpts on \"/dev/pts\": fsconfig "));
  EXPECT_EQ(error.sys_errno(), EINVAL);
  EXPECT_THAT(error.hint(), HasSubstr("in the user namespace, or drop the option"));
}

TEST_F(UserNamespace, ADeviceOfTheConfigurationIsTheHostsOwn) {
  box_.config.linux.devices.push_back({.type = 'c', .path = "/dev/kmsg2", .major = 1, .minor = 11});

  const auto outcome = box_.Run([] { return std::string(); });

  ASSERT_TRUE(outcome.error);
  EXPECT_THAT(outcome.error->message(),
              HasSubstr("linux.devices[0]: open_tree \"/dev/kmsg2\": No such file"));
}

// The trees are opened by the child, as for a user without privileges.
TEST_F(UserNamespace, RootlessOpensItsSourcesInside) {
  ASSERT_EQ(::chmod(box_.dir.path().c_str(), 0755), 0);
  box_.dir.Write("volume/file", "content\n");
  box_.Mount({.destination = "/v", .type = "bind", .source = "volume", .options = {"rbind", "ro"}});
  box_.context.rootless = true;

  const std::string seen = box_.Look([] {
    return StrCat(ReadAll("/v/file"), WriteTo("/v/x", "x"), " ", Describe("/dev/null"), " ",
                  Describe("/proc/keys"));
  });

  EXPECT_EQ(seen, "content\nerrno EROFS c 1:3 666 65534:65534 c 1:3 666 65534:65534");
}

class CgroupMount : public ::testing::Test {
 protected:
  void SetUp() override {
    CAISSON_REQUIRE(Need::kRoot, Need::kCgroupV1Memory);
    box_.config.mounts.push_back({.destination = "/sys/fs/cgroup",
                                  .type = "cgroup",
                                  .source = "cgroup",
                                  .options = {"nosuid", "noexec", "nodev", "relatime", "ro"}});
    std::erase_if(box_.config.mounts, [seen = false](const spec::Mount& m) mutable {
      const bool again = m.type == "cgroup" && seen;
      seen = seen || m.type == "cgroup";
      return again;
    });
    Make("memory");
    Make("pids");
  }
  void TearDown() override {
    for (const std::string& own : made_) ::rmdir(own.c_str());
  }
  void Make(const std::string& controller) {
    const std::string mount = StrCat("/sys/fs/cgroup/", controller);
    const std::string own = StrCat(mount, "/caisson-rootfs-test-", ::getpid());
    ASSERT_EQ(::mkdir(own.c_str(), 0755), 0) << own;
    made_.push_back(own);
    box_.context.cgroups.push_back({false, controller, mount, own});
  }

  Box box_;
  std::vector<std::string> made_;
};

TEST_F(CgroupMount, ShowsTheContainersOwnCgroupReadonlyOnV1) {
  const std::string seen = box_.Look([] {
    return StrCat(Names("/sys/fs/cgroup"), "\n", ReadAll("/sys/fs/cgroup/memory/cgroup.procs"),
                  WriteTo("/sys/fs/cgroup/memory/cgroup.procs", "0"), " ",
                  WriteTo("/sys/fs/cgroup/x", "0"), "\n", MountLine("/sys/fs/cgroup/memory"));
  });

  EXPECT_THAT(seen, StartsWith("memory pids\nerrno EROFS errno EROFS\n"
                               "/sys/fs/cgroup/memory ro,nosuid,nodev,noexec,relatime cgroup"));
}

TEST_F(CgroupMount, LinksControllersThatAreMountedTogether) {
  box_.context.cgroups[1].controllers = "pids,cpuacct";

  EXPECT_EQ(box_.Look([] { return Describe("/sys/fs/cgroup/cpuacct"); }), "l pids");
}

TEST_F(CgroupMount, Cve2023_25809_IsReadonlyForAnotherUsersRootWithoutACgroupNamespace) {
  box_.namespaces |= CLONE_NEWUSER;
  box_.namespaces &= ~std::uint64_t{CLONE_NEWCGROUP};
  ASSERT_EQ(::chown(box_.Rootfs("").c_str(), kFirstHostId, kFirstHostId), 0);
  for (spec::Mount& mount : box_.config.mounts) std::erase(mount.options, "ro");

  const std::string seen = box_.Look([] { return MountLine("/sys/fs/cgroup/memory"); });

  EXPECT_THAT(seen, StartsWith("/sys/fs/cgroup/memory ro,"));
}

TEST(CgroupMountV2, IsOneTree) {
  CAISSON_REQUIRE(Need::kRoot);
  const bool pure = ::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0;
  const std::string mount = pure ? "/sys/fs/cgroup" : "/sys/fs/cgroup/unified";
  if (!pure && ::access(mount.c_str(), F_OK) != 0) GTEST_SKIP() << "no v2 hierarchy";
  const std::string own = StrCat(mount, "/caisson-rootfs-test-", ::getpid());
  ASSERT_EQ(::mkdir(own.c_str(), 0755), 0);
  Box box;
  box.config.mounts.push_back({.destination = "/sys/fs/cgroup",
                               .type = "cgroup",
                               .source = "cgroup",
                               .options = {"nosuid", "noexec", "nodev", "relatime", "ro"}});
  box.context.cgroups.push_back({true, "", mount, own});

  const std::string seen =
      box.Look([] { return StrCat(Names("/sys/fs/cgroup"), "\n", MountLine("/sys/fs/cgroup")); });

  ::rmdir(own.c_str());
  EXPECT_THAT(seen, HasSubstr("cgroup.procs"));
  EXPECT_THAT(seen, HasSubstr("/sys/fs/cgroup ro,nosuid,nodev,noexec,relatime cgroup2"));
}

}  // namespace
}  // namespace caisson::test
