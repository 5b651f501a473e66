// SPDX-License-Identifier: Apache-2.0
// Each mount option of the specification, seen in the container's mount table.
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/integration/rootfs/box.h"
#include "tests/support/need.h"

namespace caisson::test {
namespace {

// What the option makes of the mount itself and of one below it.
struct Case {
  const char* option;
  const char* top;
  const char* below;
};

class Options : public ::testing::Test {
 protected:
  void SetUp() override {
    CAISSON_REQUIRE(Need::kRoot);
    box_.config.root->readonly = false;
    box_.config.linux.masked_paths.clear();
    box_.config.linux.readonly_paths.clear();
  }

  void Bind(const std::string& destination, std::vector<std::string> options) {
    box_.Mount({.destination = destination,
                .type = "bind",
                .source = "source",
                .options = std::move(options)});
  }
  static std::string At(const char* option) { return StrCat("/at/", option); }
  // Binds the source with each option at /at/<option>, and compares the mount table.
  template <std::size_t N>
  void Expect(const Case (&cases)[N]) {
    for (const Case& c : cases) Bind(At(c.option), {"rbind", c.option});

    table_ = box_.Look([] { return Mountinfo(); });

    for (const Case& c : cases) {
      SCOPED_TRACE(c.option);
      EXPECT_EQ(FlagsAt(At(c.option)), c.top);
      EXPECT_EQ(FlagsAt(At(c.option) + "/below"), c.below);
    }
  }
  // Lives as long as the table.
  std::string_view LineAt(const std::string& mount_point) const {
    for (const auto line : Split(table_, '\n'))
      if (line.starts_with(StrCat(mount_point, " "))) return line;
    return "none";
  }
  std::string FlagsAt(const std::string& mount_point) const {
    const auto words = Split(LineAt(mount_point), ' ');
    return words.size() < 2 ? "none" : std::string(words[1]);
  }
  std::string PropagationAt(const std::string& mount_point) const {
    const auto words = Split(LineAt(mount_point), ' ');
    std::vector<std::string> names;
    for (std::size_t i = 2; i + 3 < words.size(); ++i)
      names.emplace_back(words[i].substr(0, words[i].find(':')));
    return Join(names, " ");
  }
  // The file system's own options, the last word.
  std::string SuperblockAt(const std::string& mount_point) const {
    return std::string(Split(LineAt(mount_point), ' ').back());
  }

  Box box_;
  std::string table_;
};

// A file system of the host with another in it, both with these flags.
class Source {
 public:
  Source(const TempDir& dir, unsigned long flags, unsigned long propagation)
      : top_(dir / "source", 0, propagation), below_(dir / "source/below", 0, propagation) {
    for (const char* const name : {"source", "source/below"})
      EXPECT_EQ(::mount("", (dir / name).c_str(), "", MS_REMOUNT | MS_BIND | flags, ""), 0);
  }

 private:
  HostMount top_;
  HostMount below_;
};

constexpr char kPlain[] = "rw,relatime";

TEST_F(Options, FlagsAreSetOnTheMountAlone) {
  const Source source(box_.dir, 0, MS_PRIVATE);
  Expect({{"defaults", kPlain, kPlain},
          {"ro", "ro,relatime", kPlain},
          {"nosuid", "rw,nosuid,relatime", kPlain},
          {"nodev", "rw,nodev,relatime", kPlain},
          {"noexec", "rw,noexec,relatime", kPlain},
          {"noatime", "rw,noatime", kPlain},
          {"nodiratime", "rw,nodiratime,relatime", kPlain},
          {"strictatime", "rw", kPlain},
          {"nosymfollow", "rw,relatime,nosymfollow", kPlain},
          {"user", "rw,nosuid,nodev,noexec,relatime", kPlain},
          {"owner", "rw,nosuid,nodev,relatime", kPlain}});
}

TEST_F(Options, RecursiveFlagsAreSetOnAllMounts) {
  const Source source(box_.dir, 0, MS_PRIVATE);
  Expect({{"rro", "ro,relatime", "ro,relatime"},
          {"rnosuid", "rw,nosuid,relatime", "rw,nosuid,relatime"},
          {"rnodev", "rw,nodev,relatime", "rw,nodev,relatime"},
          {"rnoexec", "rw,noexec,relatime", "rw,noexec,relatime"},
          {"rnoatime", "rw,noatime", "rw,noatime"},
          {"rnodiratime", "rw,nodiratime,relatime", "rw,nodiratime,relatime"},
          {"rstrictatime", "rw", "rw"},
          {"rnosymfollow", "rw,relatime,nosymfollow", "rw,relatime,nosymfollow"}});
}

// All that a source can be refused: what a name of a bind leaves of it.
constexpr char kAll[] = "ro,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow";
constexpr unsigned long kAllFlags =
    MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME | MS_NODIRATIME | MS_NOSYMFOLLOW;

TEST_F(Options, WhoNamesAFlagDecidesOnAllAndWhoNamesAnAccessTimeOnThose) {
  const Source source(box_.dir, kAllFlags, MS_PRIVATE);
  Expect({{"defaults", kAll, kAll},
          {"rw", "rw,noatime,nodiratime", kAll},
          {"ro", "ro,noatime,nodiratime", kAll},
          {"suid", "rw,noatime,nodiratime", kAll},
          {"dev", "rw,noatime,nodiratime", kAll},
          {"exec", "rw,noatime,nodiratime", kAll},
          {"symfollow", "rw,noatime,nodiratime", kAll},
          {"atime", "rw,nodiratime,relatime", kAll},
          {"diratime", "rw,noatime", kAll},
          {"relatime", kPlain, kAll},
          {"norelatime", "rw,nodiratime,relatime", kAll},
          {"strictatime", "rw", kAll},
          {"nostrictatime", "rw,nodiratime,relatime", kAll}});
}

TEST_F(Options, RecursiveOppositesTakeAwayNothingElse) {
  const Source source(box_.dir, kAllFlags, MS_PRIVATE);
  constexpr char kNoTime[] = "ro,nosuid,nodev,noexec,nodiratime,relatime,nosymfollow";
  Expect({{"rrw", "rw,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow",
           "rw,nosuid,nodev,noexec,noatime,nodiratime,nosymfollow"},
          {"rsuid", "ro,nodev,noexec,noatime,nodiratime,nosymfollow",
           "ro,nodev,noexec,noatime,nodiratime,nosymfollow"},
          {"rdev", "ro,nosuid,noexec,noatime,nodiratime,nosymfollow",
           "ro,nosuid,noexec,noatime,nodiratime,nosymfollow"},
          {"rexec", "ro,nosuid,nodev,noatime,nodiratime,nosymfollow",
           "ro,nosuid,nodev,noatime,nodiratime,nosymfollow"},
          {"rdiratime", "ro,nosuid,nodev,noexec,noatime,nosymfollow",
           "ro,nosuid,nodev,noexec,noatime,nosymfollow"},
          {"rsymfollow", "ro,nosuid,nodev,noexec,noatime,nodiratime",
           "ro,nosuid,nodev,noexec,noatime,nodiratime"},
          {"ratime", kNoTime, kNoTime},
          {"rrelatime", kNoTime, kNoTime},
          {"rnorelatime", kNoTime, kNoTime},
          {"rnostrictatime", kNoTime, kNoTime}});
}

TEST_F(Options, TheTopMayDifferFromAllBelow) {
  const Source source(box_.dir, 0, MS_PRIVATE);
  Bind("/both", {"rbind", "rnosuid", "rnoatime", "ro"});
  Bind("/flat", {"bind", "rro", "rnoatime", "nodev"});

  table_ = box_.Look([] { return Mountinfo(); });

  EXPECT_EQ(FlagsAt("/both"), "ro,nosuid,noatime");
  EXPECT_EQ(FlagsAt("/both/below"), "rw,nosuid,noatime");
  EXPECT_EQ(FlagsAt("/flat"), "ro,nodev,noatime");
}

// The kernel would not let an unprivileged container take away what the source has.
TEST_F(Options, InAUserNamespaceABindKeepsWhatItsSourceIsRefused) {
  CAISSON_REQUIRE(Need::kUserNs);
  box_.namespaces |= CLONE_NEWUSER;
  ASSERT_EQ(::chown(box_.Rootfs("").c_str(), kFirstHostId, kFirstHostId), 0);
  const Source source(box_.dir, kAllFlags, MS_PRIVATE);
  Expect({{"rw", "rw,nosuid,nodev,noexec,noatime,nodiratime", kAll},
          {"suid", "ro,nodev,noexec,noatime,nodiratime", kAll},
          {"nosuid", "ro,nosuid,nodev,noexec,noatime,nodiratime", kAll}});
}

TEST_F(Options, PropagationIsThatOfTheMountOrOfAll) {
  const Source source(box_.dir, 0, MS_SHARED);
  const struct {
    const char* option;
    const char* top;  // the names of its optional fields; "" for private
    const char* below;
  } cases[] = {{"defaults", "master", "master"},
               {"shared", "shared master", "master"},
               {"rshared", "shared master", "shared master"},
               {"slave", "master", "master"},
               {"rslave", "master", "master"},
               {"private", "", "master"},
               {"rprivate", "", ""},
               {"unbindable", "unbindable", "master"},
               {"runbindable", "unbindable", "unbindable"}};
  for (const auto& c : cases) Bind(At(c.option), {"rbind", c.option});

  table_ = box_.Look([] { return Mountinfo(); });

  for (const auto& c : cases) {
    SCOPED_TRACE(c.option);
    EXPECT_EQ(PropagationAt(At(c.option)), c.top);
    EXPECT_EQ(PropagationAt(At(c.option) + "/below"), c.below);
  }
}

TEST_F(Options, FlagsOfAFileSystemReachIt) {
  const struct {
    const char* option;
    const char* shows;  // "": nothing
  } cases[] = {{"defaults", ""},
               {"sync", ",sync"},
               {"async", ""},
               {"dirsync", ",dirsync"},
               {"lazytime", ",lazytime"},
               {"nolazytime", ""},
               {"iversion", ""},
               {"noiversion", ""},
               {"mand", ""},
               {"nomand", ""},
               {"silent", ""},
               {"loud", ""},
               {"acl", ""},
               {"noacl", ""},
               {"auto", ""},
               {"noauto", ""},
               {"nofail", ""},
               {"_netdev", ""},
               {"nouser", ""},
               {"x-systemd.automount", ""},
               {"X-mount.mkdir", ""}};
  for (const auto& c : cases)
    box_.Mount({.destination = At(c.option), .type = "tmpfs", .options = {c.option}});

  table_ = box_.Look([] { return Mountinfo(); });

  for (const auto& c : cases) {
    SCOPED_TRACE(c.option);
    EXPECT_EQ(FlagsAt(At(c.option)), kPlain);
    EXPECT_EQ(SuperblockAt(At(c.option)), StrCat("rw", c.shows));
  }
}

TEST_F(Options, FlagsOfANewFileSystemAreThoseOfItsMount) {
  const Case cases[] = {{"ro", "ro,relatime", ""},
                        {"rro", "ro,relatime", ""},
                        {"nosuid", "rw,nosuid,relatime", ""},
                        {"nodev", "rw,nodev,relatime", ""},
                        {"rnoexec", "rw,noexec,relatime", ""},
                        {"noatime", "rw,noatime", ""},
                        {"rnoatime", "rw,noatime", ""},
                        {"nodiratime", "rw,nodiratime,relatime", ""},
                        {"strictatime", "rw", ""},
                        {"nosymfollow", "rw,relatime,nosymfollow", ""}};
  for (const Case& c : cases)
    box_.Mount({.destination = At(c.option), .type = "tmpfs", .options = {c.option}});

  table_ = box_.Look([] { return Mountinfo(); });

  for (const Case& c : cases) EXPECT_EQ(FlagsAt(At(c.option)), c.top) << c.option;
}

TEST_F(Options, ARemountTurnsFlagsOfTheFileSystemOff) {
  box_.Mount({.destination = "/t", .type = "tmpfs", .options = {"sync", "lazytime"}});
  box_.Mount({.destination = "/t", .options = {"remount", "async", "nolazytime", "nodev"}});

  table_ = box_.Look([] { return Mountinfo(); });

  EXPECT_EQ(SuperblockAt("/t"), "rw");
  EXPECT_EQ(FlagsAt("/t"), "rw,nodev,relatime");
}

// "remount,bind" is about the mount: the file system may be the host's.
TEST_F(Options, ARemountOfABindLeavesTheFileSystemAlone) {
  const Source source(box_.dir, 0, MS_PRIVATE);
  Bind("/v", {"rbind"});
  box_.Mount({.destination = "/v", .options = {"remount", "bind", "ro", "nosuid"}});

  table_ = box_.Look([] { return Mountinfo(); });

  EXPECT_EQ(FlagsAt("/v"), "ro,nosuid,relatime");
  EXPECT_EQ(SuperblockAt("/v"), "rw");
  EXPECT_EQ(FlagsAt("/v/below"), kPlain);
}

}  // namespace
}  // namespace caisson::test
