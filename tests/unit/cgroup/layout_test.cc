// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/layout.h"

#include <gmock/gmock.h>

#include "tests/support/temp_dir.h"

namespace caisson::cgroup {
namespace {

using test::TempDir;
using testing::HasSubstr;

// A distribution with systemd in hybrid mode.
constexpr char kHybrid[] =
    "12:net_cls,net_prio:/\n"
    "4:cpu,cpuacct:/user.slice\n"
    "3:memory:/a/b\n"
    "1:name=systemd:/user.slice/session\n"
    "0::/user.slice/session\n";

TEST(Layout, HybridHasV1AtTheUsualPlacesAndV2Last) {
  const auto layout = LayoutFromProcCgroup("/sys/fs/cgroup", kHybrid);

  ASSERT_TRUE(layout) << layout.error().message();
  EXPECT_EQ(layout->mode, Mode::kHybrid);
  ASSERT_EQ(layout->hierarchies.size(), 5u);
  EXPECT_EQ(layout->FindV1("cpuacct")->mount, "/sys/fs/cgroup/cpu,cpuacct");
  EXPECT_EQ(layout->FindV1("name=systemd")->mount, "/sys/fs/cgroup/systemd");
  EXPECT_EQ(layout->FindV1("memory")->own_path, "/a/b");
  EXPECT_EQ(layout->hierarchies.back().version, Version::kV2);
  EXPECT_EQ(layout->V2()->mount, "/sys/fs/cgroup/unified");
  EXPECT_EQ(layout->FindV1("pids"), nullptr);
}

TEST(Layout, V1AloneIsLegacy) {
  const auto layout = LayoutFromProcCgroup("/c", "2:memory:/\n1:cpu:/\n");

  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->mode, Mode::kLegacy);
  EXPECT_EQ(layout->V2(), nullptr);
  EXPECT_EQ(NameOf(layout->mode), "legacy");
}

TEST(Layout, NoHierarchyIsAnErrorWithARemedy) {
  const auto layout = LayoutFromProcCgroup("/c", "0::/\n");

  ASSERT_FALSE(layout);
  EXPECT_EQ(layout.error().message(), "no cgroup hierarchy is mounted on \"/c\"");
  EXPECT_EQ(layout.error().hint(), "mount cgroup2 there");
}

TEST(Layout, MalformedProcCgroupIsQuoted) {
  for (const char* text : {"4 memory /", "4:memory", "4:memory:relative"}) {
    const auto layout = LayoutFromProcCgroup("/c", text);
    ASSERT_FALSE(layout) << text;
    EXPECT_THAT(layout.error().message(), HasSubstr(StrCat("malformed line \"", text, "\"")));
  }
}

TEST(Layout, FolderWithCgroupControllersStandsForV2) {
  const TempDir dir;
  dir.Write("cgroup.controllers", "cpu memory\n");

  const auto layout = Layout::Detect(dir.path());

  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->mode, Mode::kUnified);
  EXPECT_EQ(layout->V2()->mount, dir.path());
}

TEST(Layout, FolderWithProcSelfCgroupStandsForV1) {
  const TempDir dir;
  dir.Write("proc_self_cgroup", "2:memory:/x\n0::/\n");

  const auto layout = Layout::Detect(dir.path());

  ASSERT_TRUE(layout);
  EXPECT_EQ(layout->mode, Mode::kHybrid);
  EXPECT_EQ(layout->FindV1("memory")->mount, dir / "memory");
}

TEST(Layout, MissingRootNamesItAndTheRemedy) {
  const auto layout = Layout::Detect("/nowhere/cgroup");

  ASSERT_FALSE(layout);
  EXPECT_EQ(layout.error().code(), Code::kNotFound);
  EXPECT_EQ(layout.error().message(),
            "statfs \"/nowhere/cgroup\": No such file or directory (ENOENT)");
  EXPECT_EQ(layout.error().hint(), "mount cgroups on /sys/fs/cgroup");
}

constexpr char kMountInfo[] =
    "25 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n"
    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
    "32 31 0:29 /docker/x /sys/fs/cgroup/cpuacct,cpu rw shared:9 master:2 - cgroup cgroup "
    "rw,cpu,cpuacct\n"
    "33 31 0:30 / /sys/fs/cgroup/with\\040space rw - cgroup cgroup rw,xattr,name=systemd\n"
    "34 31 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw,nsdelegate\n"
    "35 31 0:29 / /elsewhere rw - cgroup cgroup rw,cpu,cpuacct\n"
    "broken line\n";

TEST(ParseMountInfo, FindsTheFirstMountOfEachHierarchy) {
  const auto mounts = ParseMountInfo(kMountInfo);

  ASSERT_EQ(mounts.size(), 3u);
  EXPECT_EQ(mounts[0].controllers, "cpu,cpuacct");
  EXPECT_EQ(mounts[0].mount, "/sys/fs/cgroup/cpuacct,cpu");
  EXPECT_EQ(mounts[0].mount_root, "/docker/x");
  EXPECT_EQ(mounts[1].mount, "/sys/fs/cgroup/with space");
  EXPECT_EQ(mounts[1].controllers, "name=systemd");
  EXPECT_EQ(mounts[2].version, Version::kV2);
}

TEST(WithMounts, MovesMountPointsAndCountsOwnPathsFromWhatIsMounted) {
  const auto guess = LayoutFromProcCgroup(
      "/sys/fs/cgroup", "4:cpu,cpuacct:/docker/x/inner\n3:memory:/\n1:name=systemd:/\n0::/s\n");
  ASSERT_TRUE(guess);

  const Layout layout = WithMounts(*guess, ParseMountInfo(kMountInfo));

  EXPECT_EQ(layout.FindV1("cpu")->mount, "/sys/fs/cgroup/cpuacct,cpu");
  EXPECT_EQ(layout.FindV1("cpu")->own_path, "/inner");
  EXPECT_EQ(layout.FindV1("memory"), nullptr) << "not mounted";
  EXPECT_EQ(layout.V2()->own_path, "/s");
}

TEST(V2PathOf, IsTheRootWithoutAV2Line) {
  EXPECT_EQ(V2PathOf("3:cpu:/a\n0::/b/c\n"), "/b/c");
  EXPECT_EQ(V2PathOf("3:cpu:/a\n"), "/");
}

}  // namespace
}  // namespace caisson::cgroup
