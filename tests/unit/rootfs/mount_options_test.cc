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

TEST(ParseMountOptions, OfTwoOppositeFlagsOfAFileSystemTheLaterIsLeft) {
  EXPECT_THAT(Parsed({"sync", "dirsync", "lazytime"}).superblock,
              ElementsAre("sync", "dirsync", "lazytime"));
  EXPECT_THAT(Parsed({"sync", "async", "lazytime", "nolazytime"}).superblock,
              ElementsAre("async", "nolazytime"));
  EXPECT_THAT(Parsed({"async", "sync", "nolazytime", "lazytime"}).superblock,
              ElementsAre("sync", "lazytime"));
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

// Where an option's effect shows.
enum class Field {
  kNothing,
  kTop,
  kBelow,
  kPropagation,
  kPropagationBelow,
  kSuperblock,
  kBind,
  kRecursiveBind,
  kRemount,
  kCopyUp,
  kIdMap,
  kRecursiveIdMap,
};

// Every name of runtime-spec 1.3's table, runc's, and those of mount(8) that are no file system's.
constexpr struct {
  const char* name;
  Field field;
  std::uint64_t set = 0;
  std::uint64_t clear = 0;
} kEvery[] = {
    {"ro", Field::kTop, MOUNT_ATTR_RDONLY, 0},
    {"rro", Field::kBelow, MOUNT_ATTR_RDONLY, 0},
    {"rw", Field::kTop, 0, MOUNT_ATTR_RDONLY},
    {"rrw", Field::kBelow, 0, MOUNT_ATTR_RDONLY},
    {"nosuid", Field::kTop, MOUNT_ATTR_NOSUID, 0},
    {"rnosuid", Field::kBelow, MOUNT_ATTR_NOSUID, 0},
    {"suid", Field::kTop, 0, MOUNT_ATTR_NOSUID},
    {"rsuid", Field::kBelow, 0, MOUNT_ATTR_NOSUID},
    {"nodev", Field::kTop, MOUNT_ATTR_NODEV, 0},
    {"rnodev", Field::kBelow, MOUNT_ATTR_NODEV, 0},
    {"dev", Field::kTop, 0, MOUNT_ATTR_NODEV},
    {"rdev", Field::kBelow, 0, MOUNT_ATTR_NODEV},
    {"noexec", Field::kTop, MOUNT_ATTR_NOEXEC, 0},
    {"rnoexec", Field::kBelow, MOUNT_ATTR_NOEXEC, 0},
    {"exec", Field::kTop, 0, MOUNT_ATTR_NOEXEC},
    {"rexec", Field::kBelow, 0, MOUNT_ATTR_NOEXEC},
    {"nodiratime", Field::kTop, MOUNT_ATTR_NODIRATIME, 0},
    {"rnodiratime", Field::kBelow, MOUNT_ATTR_NODIRATIME, 0},
    {"diratime", Field::kTop, 0, MOUNT_ATTR_NODIRATIME},
    {"rdiratime", Field::kBelow, 0, MOUNT_ATTR_NODIRATIME},
    {"nosymfollow", Field::kTop, MOUNT_ATTR_NOSYMFOLLOW, 0},
    {"rnosymfollow", Field::kBelow, MOUNT_ATTR_NOSYMFOLLOW, 0},
    {"symfollow", Field::kTop, 0, MOUNT_ATTR_NOSYMFOLLOW},
    {"rsymfollow", Field::kBelow, 0, MOUNT_ATTR_NOSYMFOLLOW},
    {"atime", Field::kTop, 0, MOUNT_ATTR__ATIME},
    {"ratime", Field::kBelow, 0, MOUNT_ATTR__ATIME},
    {"noatime", Field::kTop, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    {"rnoatime", Field::kBelow, MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME},
    {"relatime", Field::kTop, 0, MOUNT_ATTR__ATIME},
    {"rrelatime", Field::kBelow, 0, MOUNT_ATTR__ATIME},
    {"norelatime", Field::kTop, 0, MOUNT_ATTR__ATIME},
    {"rnorelatime", Field::kBelow, 0, MOUNT_ATTR__ATIME},
    {"strictatime", Field::kTop, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    {"rstrictatime", Field::kBelow, MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME},
    {"nostrictatime", Field::kTop, 0, MOUNT_ATTR__ATIME},
    {"rnostrictatime", Field::kBelow, 0, MOUNT_ATTR__ATIME},
    {"shared", Field::kPropagation, MS_SHARED, 0},
    {"rshared", Field::kPropagationBelow, MS_SHARED, 0},
    {"slave", Field::kPropagation, MS_SLAVE, 0},
    {"rslave", Field::kPropagationBelow, MS_SLAVE, 0},
    {"private", Field::kPropagation, MS_PRIVATE, 0},
    {"rprivate", Field::kPropagationBelow, MS_PRIVATE, 0},
    {"unbindable", Field::kPropagation, MS_UNBINDABLE, 0},
    {"runbindable", Field::kPropagationBelow, MS_UNBINDABLE, 0},
    {"user", Field::kTop, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0},
    {"users", Field::kTop, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0},
    {"owner", Field::kTop, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0},
    {"group", Field::kTop, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0},
    {"sync", Field::kSuperblock},
    {"async", Field::kSuperblock},
    {"dirsync", Field::kSuperblock},
    {"lazytime", Field::kSuperblock},
    {"nolazytime", Field::kSuperblock},
    {"acl", Field::kNothing},
    {"auto", Field::kNothing},
    {"defaults", Field::kNothing},
    {"iversion", Field::kNothing},
    {"loud", Field::kNothing},
    {"mand", Field::kNothing},
    {"_netdev", Field::kNothing},
    {"noacl", Field::kNothing},
    {"noauto", Field::kNothing},
    {"nofail", Field::kNothing},
    {"noiversion", Field::kNothing},
    {"nomand", Field::kNothing},
    {"nouser", Field::kNothing},
    {"silent", Field::kNothing},
    {"bind", Field::kBind},
    {"rbind", Field::kRecursiveBind},
    {"remount", Field::kRemount},
    {"tmpcopyup", Field::kCopyUp},
    {"idmap", Field::kIdMap},
    {"ridmap", Field::kRecursiveIdMap},
};

TEST(ParseMountOptions, EveryNameHasItsEffectAndNoOther) {
  for (const auto& [name, field, set, clear] : kEvery) {
    SCOPED_TRACE(name);
    const auto only = [field = field](Field wanted, std::uint64_t value) {
      return field == wanted ? value : 0;
    };

    const MountOptions parsed = Parsed({name});

    const TreeAttributes& attributes = parsed.attributes;
    EXPECT_EQ(attributes.set, only(Field::kTop, set));
    EXPECT_EQ(attributes.clear, only(Field::kTop, clear));
    EXPECT_EQ(attributes.set_below, only(Field::kBelow, set));
    EXPECT_EQ(attributes.clear_below, only(Field::kBelow, clear));
    EXPECT_EQ(attributes.propagation, only(Field::kPropagation, set));
    EXPECT_EQ(attributes.propagation_below, only(Field::kPropagationBelow, set));
    EXPECT_EQ(parsed.names_flag, field == Field::kTop);
    EXPECT_EQ(parsed.bind, field == Field::kBind || field == Field::kRecursiveBind);
    EXPECT_EQ(parsed.recursive_bind, field == Field::kRecursiveBind);
    EXPECT_EQ(parsed.remount, field == Field::kRemount);
    EXPECT_EQ(parsed.copy_up, field == Field::kCopyUp);
    EXPECT_EQ(parsed.id_map, field == Field::kIdMap            ? IdMapWish::kTop
                             : field == Field::kRecursiveIdMap ? IdMapWish::kBelow
                                                               : IdMapWish::kNone);
    EXPECT_EQ(parsed.superblock, field == Field::kSuperblock ? std::vector<std::string>{name}
                                                             : std::vector<std::string>{});
    EXPECT_THAT(parsed.data, IsEmpty());
  }
}

TEST(ParseMountOptions, OnlySomeNamesSayHowAccessTimesAreKept) {
  for (const char* const name : {"noatime", "relatime", "strictatime", "nodiratime"})
    EXPECT_TRUE(Parsed({name}).names_access_time) << name;
  for (const char* const name : {"atime", "norelatime", "nostrictatime", "diratime", "rnoatime"})
    EXPECT_FALSE(Parsed({name}).names_access_time) << name;
}

TEST(ParseMountOptions, NamesThatBeginWithAnXAreForOtherPrograms) {
  EXPECT_THAT(Parsed({"x-systemd.automount", "X-mount.mkdir=0755", "xattr"}).data,
              ElementsAre("xattr"));
}

TEST(KnownMountOptions, AreThoseThatHaveAnEffectHere) {
  std::vector<std::string_view> names;
  for (const auto& row : kEvery) names.emplace_back(row.name);

  EXPECT_THAT(KnownMountOptions(), ::testing::UnorderedElementsAreArray(names));
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
