// SPDX-License-Identifier: Apache-2.0
#include "runtime/rootfs/mount_options.h"

#include <gmock/gmock.h>
#include <sys/mount.h>

namespace caisson::rootfs {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

MountOptions Parsed(const std::vector<std::string>& options) {
  auto parsed = ParseMountOptions(options);
  if (!parsed) ADD_FAILURE() << parsed.error().message();
  return parsed ? *parsed : MountOptions();
}

TEST(ParseMountOptions, FlagsSetAndTheirOppositesClear) {
  struct Case {
    const char* name;
    std::uint64_t set;
    std::uint64_t clear;
  };
  const Case cases[] = {
      {"ro", MOUNT_ATTR_RDONLY, 0},
      {"rw", 0, MOUNT_ATTR_RDONLY},
      {"nosuid", MOUNT_ATTR_NOSUID, 0},
      {"suid", 0, MOUNT_ATTR_NOSUID},
      {"nodev", MOUNT_ATTR_NODEV, 0},
      {"dev", 0, MOUNT_ATTR_NODEV},
      {"noexec", MOUNT_ATTR_NOEXEC, 0},
      {"exec", 0, MOUNT_ATTR_NOEXEC},
      {"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
      {"diratime", 0, MOUNT_ATTR_NODIRATIME},
      {"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
      {"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);

    const MountOptions top = Parsed({c.name});
    const MountOptions below = Parsed({StrCat("r", c.name)});

    EXPECT_EQ(top.attributes.set, c.set);
    EXPECT_EQ(top.attributes.clear, c.clear);
    EXPECT_EQ(top.attributes.set_below, 0u);
    EXPECT_EQ(below.attributes.set_below, c.set);
    EXPECT_EQ(below.attributes.clear_below, c.clear);
    EXPECT_EQ(below.attributes.set, 0u);
    EXPECT_THAT(top.data, IsEmpty());
  }
}

TEST(ParseMountOptions, AccessTimeNamesReplaceTheWholeField) {
  struct Case {
    const char* name;
    std::uint64_t set;
  };
  const Case cases[] = {{"noatime", MOUNT_ATTR_NOATIME},         {"atime", 0},
                        {"relatime", MOUNT_ATTR_RELATIME},       {"norelatime", 0},
                        {"strictatime", MOUNT_ATTR_STRICTATIME}, {"nostrictatime", 0}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);

    const MountOptions after_noatime = Parsed({"noatime", c.name});
    const MountOptions below = Parsed({"rstrictatime", StrCat("r", c.name)});

    EXPECT_EQ(after_noatime.attributes.set, c.set);
    EXPECT_EQ(after_noatime.attributes.clear, MOUNT_ATTR__ATIME);
    EXPECT_EQ(below.attributes.set_below, c.set);
    EXPECT_EQ(below.attributes.clear_below, MOUNT_ATTR__ATIME);
  }
}

TEST(ParseMountOptions, TheLaterOfTwoOppositesWins) {
  const MountOptions readonly = Parsed({"rw", "ro"});
  const MountOptions writable = Parsed({"ro", "rw"});

  EXPECT_EQ(readonly.attributes.set, MOUNT_ATTR_RDONLY);
  EXPECT_EQ(readonly.attributes.clear, 0u);
  EXPECT_EQ(writable.attributes.set, 0u);
  EXPECT_EQ(writable.attributes.clear, MOUNT_ATTR_RDONLY);
}

TEST(ParseMountOptions, PropagationStandsBesideOtherOptions) {
  const MountOptions top = Parsed({"bind", "ro", "shared"});
  const MountOptions below = Parsed({"rbind", "rslave", "nosuid"});

  EXPECT_TRUE(top.bind);
  EXPECT_FALSE(top.recursive_bind);
  EXPECT_EQ(top.attributes.propagation, static_cast<std::uint64_t>(MS_SHARED));
  EXPECT_EQ(top.attributes.propagation_below, 0u);
  EXPECT_TRUE(below.recursive_bind);
  EXPECT_EQ(below.attributes.propagation_below, static_cast<std::uint64_t>(MS_SLAVE));
  EXPECT_EQ(below.attributes.set, MOUNT_ATTR_NOSUID);
}

TEST(ParseMountOptions, UnknownOptionsBelongToTheFileSystemInTheirOrder) {
  const MountOptions options =
      Parsed({"newinstance", "mode=1777", "nosuid", "size=65536k", "defaults", "gid=5"});

  EXPECT_THAT(options.data, ElementsAre("newinstance", "mode=1777", "size=65536k", "gid=5"));
}

TEST(ParseMountOptions, SuperblockFlagsAreOnUntilTurnedOff) {
  EXPECT_THAT(Parsed({"sync", "dirsync", "lazytime"}).superblock,
              ElementsAre("sync", "dirsync", "lazytime"));
  EXPECT_THAT(Parsed({"sync", "async", "lazytime", "nolazytime"}).superblock, IsEmpty());
}

TEST(ParseMountOptions, ExtensionsAreSeen) {
  EXPECT_TRUE(Parsed({"tmpcopyup"}).copy_up);
  EXPECT_TRUE(Parsed({"remount", "ro"}).remount);
  EXPECT_EQ(Parsed({"idmap"}).id_map, IdMapWish::kTop);
  EXPECT_EQ(Parsed({"ridmap"}).id_map, IdMapWish::kBelow);
}

TEST(ParseMountOptions, ControlCharactersAndEmptyOptionsAreRefused) {
  const auto control = ParseMountOptions({"mode=755\nsize=1"});
  const auto empty = ParseMountOptions({""});

  ASSERT_FALSE(control);
  EXPECT_EQ(control.error().code(), Code::kInvalidSpec);
  EXPECT_EQ(control.error().message(), "options: an option has a control character");
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().message(), "options: an option is empty");
}

TEST(KnownMountOptions, HasEveryNameOfTheSpecification) {
  const auto known = KnownMountOptions();

  for (const char* name : {"async",
                           "atime",
                           "bind",
                           "defaults",
                           "dev",
                           "diratime",
                           "dirsync",
                           "exec",
                           "iversion",
                           "lazytime",
                           "loud",
                           "mand",
                           "noatime",
                           "nodev",
                           "nodiratime",
                           "noexec",
                           "noiversion",
                           "nolazytime",
                           "nomand",
                           "norelatime",
                           "nostrictatime",
                           "nosuid",
                           "nosymfollow",
                           "private",
                           "ratime",
                           "rbind",
                           "rdev",
                           "rdiratime",
                           "relatime",
                           "remount",
                           "rexec",
                           "rnoatime",
                           "rnodev",
                           "rnodiratime",
                           "rnoexec",
                           "rnorelatime",
                           "rnostrictatime",
                           "rnosuid",
                           "rnosymfollow",
                           "ro",
                           "rprivate",
                           "rrelatime",
                           "rro",
                           "rrw",
                           "rshared",
                           "rslave",
                           "rstrictatime",
                           "rsuid",
                           "rsymfollow",
                           "runbindable",
                           "rw",
                           "shared",
                           "silent",
                           "slave",
                           "strictatime",
                           "suid",
                           "symfollow",
                           "sync",
                           "tmpcopyup",
                           "unbindable",
                           "idmap",
                           "ridmap"})
    EXPECT_THAT(known, ::testing::Contains(name));
}

TEST(ParsePropagation, KnowsTheEightNamesOnly) {
  ASSERT_TRUE(ParsePropagation("rshared"));
  EXPECT_TRUE(ParsePropagation("rshared")->below);
  EXPECT_EQ(ParsePropagation("unbindable")->flag, static_cast<std::uint64_t>(MS_UNBINDABLE));
  EXPECT_FALSE(ParsePropagation("ro"));
  EXPECT_FALSE(ParsePropagation("rshare"));
}

}  // namespace
}  // namespace caisson::rootfs
