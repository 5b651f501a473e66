// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/placement.h"

#include <gmock/gmock.h>

namespace caisson::cgroup {
namespace {

using testing::HasSubstr;

Layout Hybrid() {
  return *LayoutFromProcCgroup("/sys/fs/cgroup", "3:memory:/own/deep\n2:cpu:/\n0::/own/scope\n");
}

TEST(Place, EmptyPathIsTheContainersIdBelowTheRoot) {
  const auto record = Place(Hybrid(), {.container_id = "web"});

  ASSERT_TRUE(record) << record.error().message();
  EXPECT_EQ(record->path, "/web");
  ASSERT_EQ(record->directories.size(), 3u);
  EXPECT_EQ(record->FindV1("memory")->path, "/sys/fs/cgroup/memory/web");
  EXPECT_EQ(record->V2()->path, "/sys/fs/cgroup/unified/web");
  EXPECT_EQ(record->V2()->depth, 1u);
}

TEST(Place, AbsolutePathCountsFromTheMountPoint) {
  const auto record = Place(Hybrid(), {.container_id = "web", .cgroups_path = "/pods//p1/./web/"});

  ASSERT_TRUE(record);
  EXPECT_EQ(record->FindV1("memory")->path, "/sys/fs/cgroup/memory/pods/p1/web");
  EXPECT_EQ(record->FindV1("memory")->depth, 3u);
  EXPECT_EQ(record->FindV1("memory")->MountPoint(), "/sys/fs/cgroup/memory");
}

TEST(Place, RelativePathCountsFromTheCallersOwnCgroupAndOnV2FromItsParent) {
  const auto record = Place(Hybrid(), {.container_id = "web", .cgroups_path = "pods/web"});

  ASSERT_TRUE(record);
  EXPECT_EQ(record->FindV1("memory")->path, "/sys/fs/cgroup/memory/own/deep/pods/web");
  EXPECT_EQ(record->FindV1("cpu")->path, "/sys/fs/cgroup/cpu/pods/web");
  EXPECT_EQ(record->V2()->path, "/sys/fs/cgroup/unified/own/pods/web");
  EXPECT_EQ(record->V2()->depth, 3u);
}

TEST(Place, WaysOutAreRefusedAndNameTheField) {
  const std::pair<std::string, const char*> cases[] = {
      {"/a/../../b", "\"..\" is not allowed"},
      {"..", "\"..\" is not allowed"},
      {"/", "must name a cgroup below the root"},
      {"//.", "must name a cgroup below the root"},
      {"/a\nb", "control characters are not allowed"},
      {"/" + std::string(300, 'x'), "longer than 255 bytes"}};
  for (const auto& [path, why] : cases) {
    SCOPED_TRACE(path);
    const auto record = Place(Hybrid(), {.container_id = "web", .cgroups_path = path});
    ASSERT_FALSE(record);
    EXPECT_EQ(record.error().code(), Code::kInvalidSpec);
    EXPECT_THAT(record.error().message(), HasSubstr("linux.cgroupsPath"));
    EXPECT_THAT(record.error().message(), HasSubstr(why));
  }
}

TEST(Place, SystemdPathNamesSliceAndScope) {
  const auto record = Place(Hybrid(), {.container_id = "web",
                                       .cgroups_path = "machine-pods.slice:libpod:web",
                                       .driver = Driver::kSystemd});

  ASSERT_TRUE(record) << record.error().message();
  EXPECT_EQ(record->systemd_unit, "libpod-web.scope");
  EXPECT_EQ(record->systemd_slice, "machine-pods.slice");
  EXPECT_EQ(record->path, "/machine.slice/machine-pods.slice/libpod-web.scope");
  EXPECT_EQ(record->V2()->depth, 3u);
}

TEST(Place, SystemdDefaultsAndSlices) {
  const auto by_id = Place(Hybrid(), {.container_id = "web", .driver = Driver::kSystemd});
  ASSERT_TRUE(by_id);
  EXPECT_EQ(by_id->path, "/system.slice/caisson-web.scope");

  const auto rootless =
      Place(Hybrid(), {.container_id = "web",
                       .driver = Driver::kSystemd,
                       .rootless = true,
                       .manager_cgroup = "/user.slice/user-7.slice/user@7.service"});
  ASSERT_TRUE(rootless);
  EXPECT_EQ(rootless->systemd_slice, "user.slice");
  EXPECT_EQ(rootless->path, "/user.slice/user-7.slice/user@7.service/user.slice/caisson-web.scope");

  const auto slice = Place(
      Hybrid(),
      {.container_id = "web", .cgroups_path = "a.slice::a-pod.slice", .driver = Driver::kSystemd});
  ASSERT_TRUE(slice);
  EXPECT_EQ(slice->systemd_unit, "a-pod.slice");
}

TEST(Place, SystemdNeedsThreeParts) {
  for (const char* path : {"/a/b", "a:b", "a.slice:b:c:d"}) {
    const auto record =
        Place(Hybrid(), {.container_id = "web", .cgroups_path = path, .driver = Driver::kSystemd});
    ASSERT_FALSE(record) << path;
    EXPECT_THAT(record.error().message(), HasSubstr("needs \"slice:prefix:name\""));
    EXPECT_THAT(record.error().hint(), HasSubstr("--systemd-cgroup"));
  }
}

TEST(ExpandSlice, FollowsTheDashes) {
  EXPECT_EQ(*ExpandSlice("a-b-c.slice"), "/a.slice/a-b.slice/a-b-c.slice");
  EXPECT_EQ(*ExpandSlice("-.slice"), "");
  for (const char* bad : {"a", ".slice", "a--b.slice", "-a.slice", "a/b.slice", "..-x/.slice"})
    EXPECT_FALSE(ExpandSlice(bad)) << bad;
}

TEST(Record, IsTheSameAfterEncodingAndParsing) {
  Record record = *Place(Hybrid(), {.container_id = "web 1:%x", .cgroups_path = "/p d/w"});
  record.directories[0].parents_made = 1;
  record.rootless = true;
  record.driver = Driver::kSystemd;
  record.systemd_unit = "a b.scope";

  const std::string text = Encode(record);
  const auto parsed = ParseRecord(text);

  EXPECT_EQ(text.find('\n'), std::string::npos);
  ASSERT_TRUE(parsed) << parsed.error().message();
  EXPECT_EQ(*parsed, record);
}

TEST(Record, DamageIsRefusedRatherThanFollowed) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "not in a format of this version"},
      {"cgroup9 path=/x", "not in a format of this version"},
      {"cgroup1 nonsense", "a word without \"=\""},
      {"cgroup1 driver=magic", "unknown driver"},
      {"cgroup1 path=%zz", "a value is malformed"},
      {"cgroup1 dir=v3:cpu:1:0:/sys/x", "neither v1 nor v2"},
      {"cgroup1 dir=v1:cpu:1:0", "not five parts"},
      {"cgroup1 dir=v1:cpu:x:0:/sys/a", "a directory is malformed"},
      {"cgroup1 dir=v1:cpu:1:0:/sys/../etc", "not absolute and clean"},
      {"cgroup1 dir=v1:cpu:1:0:relative", "not absolute and clean"},
      {"cgroup1 dir=v1:cpu:9:0:/sys/a", "depth does not fit"},
      {"cgroup1 dir=v1:cpu:1:1:/sys/a", "depth does not fit"}};
  for (const auto& [text, why] : cases) {
    SCOPED_TRACE(text);
    const auto record = ParseRecord(text);
    ASSERT_FALSE(record);
    EXPECT_EQ(record.error().code(), Code::kInvalidSpec);
    EXPECT_THAT(record.error().message(), HasSubstr(why));
  }
}

}  // namespace
}  // namespace caisson::cgroup
