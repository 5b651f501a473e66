// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/cgroup_owner.h"

#include <gtest/gtest.h>

namespace caisson::container {
namespace {

using spec::NamespaceType;

// A container with a cgroup namespace and a cgroup mount of its own, as uid 1000.
spec::Config Delegated() {
  spec::Config config;
  config.process.emplace().user.uid = 1000;
  config.linux.namespaces = {{NamespaceType::kMount, ""}, {NamespaceType::kCgroup, ""}};
  config.mounts = {{.destination = "/sys/fs/cgroup",
                    .type = "cgroup",
                    .source = "cgroup",
                    .options = {"nosuid", "rw"}}};
  return config;
}

TEST(CgroupOwner, IsTheProcessWhereItMayWriteToItsOwnCgroup) {
  EXPECT_EQ(CgroupOwner(Delegated()), 1000u);
}

TEST(CgroupOwner, IsTheHostsIdOfAMappedUser) {
  spec::Config config = Delegated();
  config.linux.namespaces.push_back({NamespaceType::kUser, ""});
  config.linux.uid_mappings = {{0, 100000, 65536}};
  EXPECT_EQ(CgroupOwner(config), 101000u);
  config.linux.uid_mappings = {{0, 100000, 10}};
  EXPECT_EQ(CgroupOwner(config), std::nullopt);
  config.linux.namespaces.back().path = "/proc/1/ns/user";
  EXPECT_EQ(CgroupOwner(config), std::nullopt);
}

TEST(CgroupOwner, IsNobodyWithoutAWritableMountOfItsOwn) {
  spec::Config readonly = Delegated();
  readonly.mounts[0].options = {"ro"};
  spec::Config elsewhere = Delegated();
  elsewhere.mounts[0].destination = "/cgroup";
  spec::Config shared = Delegated();
  shared.linux.namespaces.pop_back();
  spec::Config joined = Delegated();
  joined.linux.namespaces.back().path = "/proc/1/ns/cgroup";
  spec::Config idle = Delegated();
  idle.process.reset();
  for (const spec::Config& config : {readonly, elsewhere, shared, joined, idle})
    EXPECT_EQ(CgroupOwner(config), std::nullopt);
}

}  // namespace
}  // namespace caisson::container
