// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

#include "runtime/rootfs/place.h"
#include "runtime/rootfs/rootfs.h"
#include "runtime/spec/example.h"
#include "tests/support/need.h"
#include "tests/support/temp_dir.h"

namespace caisson::rootfs {
namespace {

using test::Need;
using test::TempDir;
using ::testing::HasSubstr;

TEST(FromRoot, IsCleanAndRelative) {
  EXPECT_EQ(FromRoot("/"), ".");
  EXPECT_EQ(FromRoot("a/../../b//c/."), "b/c");
  EXPECT_EQ(FromRoot("/proc/"), "proc");
}

TEST(IsWithin, DoesNotTakeAPrefixForADirectory) {
  EXPECT_TRUE(IsWithin("proc/sys", "proc"));
  EXPECT_TRUE(IsWithin("proc", "proc"));
  EXPECT_FALSE(IsWithin("process", "proc"));
  EXPECT_TRUE(IsWithin("x", "."));
}

class PlanRootfsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    CAISSON_REQUIRE(Need::kRoot);
    dir_.Write("rootfs/etc/hostname", "x\n");
    dir_.Write("volume/file", "y\n");
    config_ = spec::Example(false);
    config_.root->path = "rootfs";
  }
  RootfsContext Context() const {
    RootfsContext context;
    context.bundle = dir_.path();
    context.new_network_namespace = true;
    return context;
  }
  RootfsPlan Plan() const {
    auto plan = PlanRootfs(config_, Context());
    if (!plan) ADD_FAILURE() << plan.error().ToString();
    return std::move(plan).value();
  }
  Error PlanError() const {
    auto plan = PlanRootfs(config_, Context());
    return plan ? Error(Code::kInternal, "the plan was made") : plan.error();
  }
  void Mount(spec::Mount mount) { config_.mounts.push_back(std::move(mount)); }

  TempDir dir_;
  spec::Config config_;
};

TEST_F(PlanRootfsTest, MountsKeepTheOrderOfTheConfiguration) {
  const RootfsPlan plan = Plan();

  std::vector<std::string> targets;
  for (std::size_t i = 0; i < plan.View().mount_count; ++i)
    targets.emplace_back(plan.View().mounts[i].place.target);

  EXPECT_THAT(targets,
              ::testing::ElementsAre("proc", "dev", "dev/pts", "dev/shm", "dev/mqueue", "sys"));
}

TEST_F(PlanRootfsTest, AMountOnAFreshFileSystemUsesItsDescriptor) {
  const RootfsPlan plan = Plan();
  const MountStep& pts = plan.View().mounts[2];

  EXPECT_EQ(pts.place.base, 1);
  EXPECT_STREQ(pts.place.leaf, "pts");
  EXPECT_TRUE(pts.target_missing);
  EXPECT_TRUE(plan.View().mounts[1].keep_open);
}

TEST_F(PlanRootfsTest, AMountUnderACoveredOneIsLookedUp) {
  Mount({.destination = "/a/b", .type = "tmpfs", .source = "one"});
  Mount({.destination = "/a", .type = "tmpfs", .source = "two"});
  Mount({.destination = "/a/b/c", .type = "tmpfs", .source = "three"});

  const RootfsPlan plan = Plan();
  const RootfsView view = plan.View();

  EXPECT_EQ(view.mounts[view.mount_count - 1].place.leaf, nullptr);
  EXPECT_STREQ(view.mounts[view.mount_count - 2].place.leaf, "a");
}

TEST_F(PlanRootfsTest, DevicesAreTheDefaultOnesUnlessConfigured) {
  config_.linux.devices.push_back(
      {.type = 'c', .path = "/dev/null", .major = 1, .minor = 3, .file_mode = 0600, .uid = 7});

  const RootfsPlan plan = Plan();
  const RootfsView view = plan.View();

  ASSERT_EQ(view.device_count, 6u);
  EXPECT_STREQ(view.devices[0].place.target, "dev/null");
  EXPECT_EQ(view.devices[0].mode, static_cast<mode_t>(S_IFCHR | 0600));
  EXPECT_EQ(view.devices[0].uid, 7u);
  EXPECT_EQ(view.devices[5].rdev, makedev(5, 0));
}

TEST_F(PlanRootfsTest, ABoundDevIsLeftAlone) {
  Mount({.destination = "/dev", .type = "bind", .source = "/dev", .options = {"rbind"}});

  const RootfsPlan plan = Plan();

  EXPECT_EQ(plan.View().device_count, 0u);
  EXPECT_EQ(plan.View().link_count, 0u);
}

TEST_F(PlanRootfsTest, KnownMasksUseTheProcThatWeMount) {
  const RootfsPlan plan = Plan();
  const RootfsView view = plan.View();

  ASSERT_GT(view.masked_count, 0u);
  for (std::size_t i = 0; i < view.masked_count; ++i) {
    const Place& place = view.masked[i].place;
    SCOPED_TRACE(place.target);
    const bool deep = std::string_view(place.target).starts_with("sys/devices");
    EXPECT_EQ(place.leaf == nullptr, deep);
  }
}

TEST_F(PlanRootfsTest, OnlyProcfsMayLieOnProc) {
  Mount({.destination = "/proc", .type = "tmpfs", .source = "tmpfs"});

  const Error error = PlanError();

  EXPECT_EQ(error.code(), Code::kInvalidSpec);
  EXPECT_THAT(error.message(), HasSubstr("tmpfs on \"/proc\": destination: only a procfs may lie"));
  EXPECT_EQ(error.hint(), "set the mount's type to proc");
}

TEST_F(PlanRootfsTest, BelowProcOnlyTheExceptionsMayBeCovered) {
  Mount({.destination = "/proc/uptime",
         .type = "bind",
         .source = "volume/file",
         .options = {"bind"}});
  (void)Plan();
  Mount(
      {.destination = "/proc/sys/kernel", .type = "bind", .source = "volume", .options = {"bind"}});

  const Error error = PlanError();

  EXPECT_EQ(error.code(), Code::kInvalidSpec);
  EXPECT_THAT(error.message(), HasSubstr("destination: \"/proc/sys/kernel\" lies inside /proc"));
}

TEST_F(PlanRootfsTest, AMissingRootIsNamed) {
  config_.root->path = "nothing";

  const Error error = PlanError();

  EXPECT_EQ(error.code(), Code::kNotFound);
  EXPECT_EQ(error.message(), StrCat("root.path: open_tree \"", dir_ / "nothing",
                                    "\": No such file or directory (ENOENT)"));
}

TEST_F(PlanRootfsTest, WithoutAMountNamespaceTheRootIsAttachedAtItsOwnPath) {
  std::erase_if(config_.linux.namespaces, [](const spec::Namespace& entry) {
    return entry.type == spec::NamespaceType::kMount;
  });

  const RootfsPlan plan = Plan();
  RootfsContext context = Context();
  context.user_namespace = true;
  const auto refused = PlanRootfs(config_, std::move(context));

  EXPECT_EQ(plan.View().turn, RootTurn::kHostNamespace);
  EXPECT_EQ(plan.View().attach_path, dir_ / "rootfs");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message(), "linux.namespaces: no mount namespace");
}

TEST_F(PlanRootfsTest, NoPivotIsRefusedWithAUserNamespace) {
  RootfsContext context = Context();
  context.no_pivot = context.user_namespace = true;

  const auto plan = PlanRootfs(config_, std::move(context));

  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().message(), "no pivot_root is not safe with a user namespace");
}

TEST_F(PlanRootfsTest, AnUnknownPropagationIsRefused) {
  config_.linux.rootfs_propagation = "sideways";

  EXPECT_THAT(PlanError().message(), HasSubstr("linux.rootfsPropagation: \"sideways\" is none of"));
}

TEST_F(PlanRootfsTest, IdMapWithoutAnyMappingIsRefused) {
  Mount({.destination = "/data", .type = "bind", .source = "volume", .options = {"bind", "idmap"}});

  EXPECT_THAT(PlanError().message(), HasSubstr("options: idmap without mappings"));
}

TEST_F(PlanRootfsTest, DataOnABindIsAWarning) {
  Mount({.destination = "/data",
         .type = "bind",
         .source = "volume",
         .options = {"bind", "mode=755"}});

  const RootfsPlan plan = Plan();

  ASSERT_EQ(plan.warnings().size(), 2u);  // the other: no cgroup for the cgroup mount
  EXPECT_THAT(plan.warnings()[1], HasSubstr("option \"mode=755\" means nothing to a bind mount"));
}

TEST_F(PlanRootfsTest, ExplainNamesTheMountTheCallAndTheRemedy) {
  const RootfsPlan plan = Plan();

  const Error fsmount = plan.Explain({EPERM, ItemOf(Part::kMount, 0, Call::kFsMount)});
  const Error option = plan.Explain(
      {EINVAL, ItemOf(Part::kMount, 2, static_cast<Call>(static_cast<int>(Call::kOption) + 3))});
  const Error pivot = plan.Explain({EINVAL, ItemOf(Part::kRoot, 0, Call::kPivotRoot)});
  const Error strange = plan.Explain({EIO, 0xffffffff});

  EXPECT_EQ(fsmount.message(),
            "mount #0 proc on \"/proc\": fsmount \"proc\": Operation not permitted (EPERM)");
  EXPECT_EQ(option.message(),
            "mount #2 devpts on \"/dev/pts\": fsconfig \"gid=5\": Invalid argument (EINVAL)");
  EXPECT_EQ(option.hint(), "map its id in the user namespace, or drop the option");
  EXPECT_EQ(pivot.hint(), "use --no-pivot where the host's root is an initial ramfs");
  EXPECT_EQ(strange.code(), Code::kInternal);
}

}  // namespace
}  // namespace caisson::rootfs
