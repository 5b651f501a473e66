// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
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

class Mounts : public ::testing::Test {
 protected:
  void SetUp() override {
    CAISSON_REQUIRE(Need::kRoot);
    box_.dir.Write("volume/file", "content\n");
    box_.config.root->readonly = false;
    box_.config.linux.masked_paths.clear();
    box_.config.linux.readonly_paths.clear();
  }
  void Bind(const std::string& destination, const std::string& source,
            std::vector<std::string> options) {
    box_.Mount({.destination = destination,
                .type = "bind",
                .source = source,
                .options = std::move(options)});
  }
  void Tmpfs(const std::string& destination, std::vector<std::string> options) {
    box_.Mount({.destination = destination,
                .type = "tmpfs",
                .source = "tmpfs",
                .options = std::move(options)});
  }

  Box box_;
};

TEST_F(Mounts, ABoundDirectoryAndAFileGetTheirTargets) {
  Bind("/data/deep/er", "volume", {"rbind"});
  Bind("/etc/config/file", "volume/file", {"bind", "ro"});

  const std::string seen = box_.Look([] {
    return StrCat(ReadAll("/data/deep/er/file"), WriteTo("/data/deep/er/new", "x"), " ",
                  ReadAll("/etc/config/file"), WriteTo("/etc/config/file", "x"), " ",
                  Describe("/data"), " ", Describe("/data/deep"));
  });

  EXPECT_EQ(seen, "content\nok content\nerrno EROFS d 755 0:0 d 755 0:0");
  EXPECT_EQ(box_.dir.Read("volume/new"), "x");
}

TEST_F(Mounts, AFileMountFollowsADanglingLinkInsideTheRoot) {
  ASSERT_TRUE(MakeDirs(box_.Rootfs("etc"), 0755));
  ASSERT_EQ(::symlink("../run/systemd/resolve/stub.conf", box_.Rootfs("etc/resolv.conf").c_str()),
            0);
  Bind("/etc/resolv.conf", "volume/file", {"bind"});

  EXPECT_EQ(box_.Look([] { return ReadAll("/run/systemd/resolve/stub.conf"); }), "content\n");
}

TEST_F(Mounts, FlagsOnTheTopLeaveTheMountsBelowAlone) {
  const HostMount below(box_.dir / "volume/below", 0, MS_PRIVATE);
  Bind("/top", "volume", {"rbind", "ro"});
  Bind("/all", "volume", {"rbind", "rro", "rnosuid", "rnoatime"});

  const std::string seen = box_.Look([] {
    return StrCat(WriteTo("/top/x", "x"), " ", WriteTo("/top/below/x", "x"), " ",
                  WriteTo("/all/x", "x"), " ", WriteTo("/all/below/y", "x"), "\n",
                  MountLine("/all/below"));
  });

  EXPECT_THAT(seen, StartsWith("errno EROFS ok errno EROFS errno EROFS\n"
                               "/all/below ro,nosuid,noatime tmpfs"));
}

TEST_F(Mounts, ABindWithoutRecursionHasNoMountsBelow) {
  const HostMount below(box_.dir / "volume/below", 0, MS_PRIVATE);
  Bind("/flat", "volume", {"bind"});

  EXPECT_EQ(box_.Look([] { return MountLine("/flat/below"); }), "");
}

TEST_F(Mounts, PropagationIsTheHostsSlaveUnlessAsked) {
  const HostMount source(box_.dir / "shared", 0, MS_SHARED);
  Bind("/default", "shared", {"rbind"});
  Bind("/asked", "shared", {"rbind", "rshared", "nosuid"});
  Bind("/alone", "shared", {"bind", "private", "ro"});
  Bind("/never", "shared", {"bind", "unbindable"});

  const std::string seen = box_.Look([] {
    return StrCat(MountLine("/default"), "\n", MountLine("/asked"), "\n", MountLine("/alone"), "\n",
                  MountLine("/never"));
  });

  EXPECT_THAT(seen, HasSubstr("/default rw,relatime master:"));
  EXPECT_THAT(seen, HasSubstr("/asked rw,nosuid,relatime shared:"));
  EXPECT_THAT(seen, HasSubstr("/alone ro,relatime tmpfs"));
  EXPECT_THAT(seen, HasSubstr("/never rw,relatime unbindable tmpfs"));
}

TEST_F(Mounts, WhatAContainerMountsInASharedVolumeTheHostSees) {
  const HostMount source(box_.dir / "shared", 0, MS_SHARED);
  ASSERT_TRUE(MakeDirs(box_.dir / "shared/sub", 0755));
  Bind("/volume", "shared", {"rbind", "rshared"});
  box_.config.linux.rootfs_propagation = "rshared";

  (void)box_.Look([] {
    return std::string(::mount("tmpfs", "/volume/sub", "tmpfs", 0, "") == 0 ? "ok" : "failed");
  });

  EXPECT_THAT(MountLine(box_.dir / "shared/sub"), HasSubstr("tmpfs"));
  ::umount2((box_.dir / "shared/sub").c_str(), MNT_DETACH);
}

TEST_F(Mounts, ATmpfsTakesItsOptionsAndBecomesReadonlyLast) {
  Tmpfs("/ro", {"ro", "mode=700", "size=4096k", "nosymfollow", "noexec"});
  Bind("/ro/inner/file", "volume/file", {"bind"});

  const std::string seen = box_.Look([] {
    return StrCat(ReadAll("/ro/inner/file"), WriteTo("/ro/x", "x"), "\n", MountLine("/ro"));
  });

  EXPECT_THAT(seen, StartsWith("content\nerrno EROFS\n/ro ro,noexec,relatime,nosymfollow tmpfs"));
  EXPECT_THAT(seen, HasSubstr("size=4096k,mode=700"));
}

TEST_F(Mounts, TmpcopyupBringsTheImagesContentWithModesAndOwners) {
  const TempDir& dir = box_.dir;
  dir.Write("rootfs/srv/plain", "text");
  dir.Write("rootfs/srv/sub/program", "#!");
  ASSERT_EQ(::chmod(box_.Rootfs("srv/sub/program").c_str(), 04755), 0);
  ASSERT_EQ(::chown(box_.Rootfs("srv/plain").c_str(), 12, 34), 0);
  ASSERT_EQ(::chmod(box_.Rootfs("srv").c_str(), 0750), 0);
  ASSERT_EQ(::symlink("/etc/outside", box_.Rootfs("srv/link").c_str()), 0);
  Tmpfs("/srv", {"tmpcopyup", "nosuid"});

  const std::string seen = box_.Look([] {
    return StrCat(ReadAll("/srv/plain"), "|", Describe("/srv/plain"), "|",
                  Describe("/srv/sub/program"), "|", Describe("/srv/link"), "|", Describe("/srv"),
                  "|", WriteTo("/srv/new", "x"));
  });

  EXPECT_EQ(seen, "text|f 644 12:34|f 4755 0:0|l /etc/outside|d 750 0:0|ok");
  EXPECT_NE(::access(box_.Rootfs("srv/new").c_str(), F_OK), 0);
}

TEST_F(Mounts, ATmpfsLooksAsTheDirectoryItCoversUnlessTheOptionsSayHow) {
  for (const char* const name : {"plain", "told", "copied"}) {
    box_.dir.Write(StrCat("rootfs/", name, "/file"), "");
    ASSERT_EQ(::chmod(box_.Rootfs(name).c_str(), 0750), 0);
    ASSERT_EQ(::chown(box_.Rootfs(name).c_str(), 12, 34), 0);
  }
  Tmpfs("/plain", {});
  Tmpfs("/told", {"mode=0700"});
  Tmpfs("/copied", {"tmpcopyup", "mode=0711", "uid=7"});
  Tmpfs("/new", {"tmpcopyup"});

  const std::string seen = box_.Look([] {
    return StrCat(Describe("/plain"), "|", Describe("/told"), "|", Describe("/copied"), "|",
                  Describe("/new"));
  });

  EXPECT_EQ(seen, "d 750 0:0|d 700 0:0|d 711 7:0|d 1777 0:0");
}

TEST_F(Mounts, RemountChangesWhatIsThere) {
  Tmpfs("/t", {});
  Tmpfs("/t", {"remount", "ro", "nosuid", "size=1024k"});

  const std::string line = box_.Look([] { return MountLine("/t"); });

  EXPECT_THAT(line, AllOf(StartsWith("/t ro,nosuid,relatime tmpfs"), HasSubstr("size=1024k")));
}

TEST_F(Mounts, AnIdMappedBindShowsOtherOwners) {
  const HostMount volume(box_.dir / "volume", 0, MS_PRIVATE);
  box_.dir.Write("volume/file", "content\n");
  ASSERT_EQ(::chown((box_.dir / "volume/file").c_str(), 1, 2), 0);
  box_.Mount({.destination = "/mapped",
              .type = "bind",
              .source = "volume",
              .options = {"bind", "idmap"},
              .uid_mappings = {{0, 1000, 10}},
              .gid_mappings = {{0, 2000, 10}}});

  EXPECT_EQ(box_.Look([] { return Describe("/mapped/file"); }), "f 644 1001:2002");
}

TEST_F(Mounts, AnUnknownOptionOfAFileSystemIsNamed) {
  Tmpfs("/t", {"mode=755", "sizee=1"});

  const Error error = box_.Refusal();

  EXPECT_EQ(error.message(), StrCat("mount #", box_.config.mounts.size() - 1,
                                    " tmpfs on \"/t\": fsconfig \"sizee=1\": Invalid argument "
                                    "(EINVAL)"));
  EXPECT_THAT(error.hint(), HasSubstr("knows the option"));
}

// Source: runtime-spec 1.3, config.md, "Mounts": what is relative, and what makes a bind.
TEST_F(Mounts, ARelativeDestinationCountsFromTheRootAndARelativeSourceFromTheBundle) {
  Bind("data/one", "volume", {"bind"});
  Bind("./data/../two/", "./volume/.", {"rbind"});

  EXPECT_EQ(box_.Look([] { return StrCat(ReadAll("/data/one/file"), ReadAll("/two/file")); }),
            "content\ncontent\n");
}

TEST_F(Mounts, AnOptionMakesABindWhateverTheTypeSays) {
  int count = 0;
  for (const char* const type : {"", "none", "tmpfs", "ext4"})
    for (const char* const option : {"bind", "rbind"})
      box_.Mount({.destination = StrCat("/at/", ++count),
                  .type = type,
                  .source = "volume",
                  .options = {option}});

  const std::string seen = box_.Look([] {
    std::string all;
    for (int i = 1; i <= 8; ++i) all += ReadAll(StrCat("/at/", i, "/file"));
    return all;
  });

  std::string expected;
  for (int i = 0; i < count; ++i) expected += "content\n";
  EXPECT_EQ(seen, expected);
}

TEST_F(Mounts, MappingsOfUsersAndGroupsAreTheirOwn) {
  const HostMount volume(box_.dir / "volume", 0, MS_PRIVATE);
  const HostMount below(box_.dir / "volume/below", 0, MS_PRIVATE);
  for (const char* const name : {"volume/file", "volume/below/file"}) {
    box_.dir.Write(name, "");
    ASSERT_EQ(::chown((box_.dir / name).c_str(), 1, 2), 0);
  }
  const auto map = [&](const char* destination, std::vector<std::string> options) {
    box_.Mount({.destination = destination,
                .type = "bind",
                .source = "volume",
                .options = std::move(options),
                .uid_mappings = {{0, 1000, 1}, {1, 5000, 1}},
                .gid_mappings = {{2, 7000, 3}}});
  };
  map("/implied", {"rbind"});
  map("/top", {"rbind", "idmap"});
  map("/all", {"rbind", "ridmap"});

  const std::string seen = box_.Look([] {
    std::string all;
    for (const char* const top : {"/implied", "/top", "/all"})
      all +=
          StrCat(Describe(StrCat(top, "/file")), "|", Describe(StrCat(top, "/below/file")), "\n");
    return all;
  });

  EXPECT_EQ(seen,
            "f 644 5000:7000|f 644 1:2\n"
            "f 644 5000:7000|f 644 1:2\n"
            "f 644 5000:7000|f 644 5000:7000\n");
}

TEST_F(Mounts, AMissingSourceIsNamedWithTheMount) {
  Bind("/data", "/no/such/dir", {"rbind"});

  const Error error = box_.Refusal();

  EXPECT_EQ(error.code(), Code::kNotFound);
  EXPECT_EQ(error.message(), StrCat("mount #", box_.config.mounts.size() - 1,
                                    " bind on \"/data\": open_tree \"/no/such/dir\": No such file "
                                    "or directory (ENOENT)"));
  EXPECT_EQ(error.hint(), "create the source, or correct its path");
}

TEST_F(Mounts, Cve2019_16884_ABindOnProcMustBeProcfs) {
  Bind("/x/../proc", "volume", {"bind"});

  const Error error = box_.Refusal();

  EXPECT_EQ(error.code(), Code::kInvalidSpec);
  EXPECT_THAT(error.message(), HasSubstr("only a procfs may lie on \"/proc\""));
}

TEST_F(Mounts, AnUnknownFileSystemIsNamed) {
  box_.Mount({.destination = "/t", .type = "nosuchfs", .source = "x"});

  const Error error = box_.Refusal();

  EXPECT_THAT(error.message(), HasSubstr("nosuchfs on \"/t\": fsopen \"nosuchfs\": No such device "
                                         "(ENODEV)"));
  EXPECT_THAT(error.hint(), HasSubstr("kernel module"));
}

TEST_F(Mounts, ADetachedTreeStandsInForASource) {
  const int tree =
      ::open_tree(AT_FDCWD, (box_.dir / "volume").c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  ASSERT_GE(tree, 0);
  Bind("/given", "/no/such/path", {"rbind", "ro"});
  box_.context.mount_trees.emplace(box_.config.mounts.size() - 1, UniqueFd(tree));

  EXPECT_EQ(box_.Look([] { return StrCat(ReadAll("/given/file"), WriteTo("/given/x", "")); }),
            "content\nerrno EROFS");
}

TEST_F(Mounts, TheMountTableHasTheOrderOfTheConfiguration) {
  Bind("/first", "volume", {"rbind"});
  Tmpfs("/second", {});
  Bind("/second/below", "volume", {"bind"});
  Bind("/third", "volume", {"bind", "rshared"});

  const std::string table = box_.Look([] { return Mountinfo(); });

  const auto at = [&](const char* target) { return table.find(StrCat("\n", target, " ")); };
  EXPECT_LT(at("/sys"), at("/first"));
  EXPECT_LT(at("/first"), at("/second"));
  EXPECT_LT(at("/second"), at("/third"));
}

TEST_F(Mounts, ADetachedTreeStandsInForTheRoot) {
  box_.dir.Write("rootfs/marker", "root\n");
  const int tree =
      ::open_tree(AT_FDCWD, (box_.dir / "rootfs").c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
  ASSERT_GE(tree, 0);
  box_.config.root->path = "/no/such/root";
  box_.context.root_tree = UniqueFd(tree);

  EXPECT_EQ(box_.Look([] { return ReadAll("/marker"); }), "root\n");
}

TEST_F(Mounts, ThousandsAreMadeWithFewDescriptors) {
  Tmpfs("/m", {});
  for (int i = 0; i < 1500; ++i) Bind(StrCat("/m/", i), "volume", {"bind"});

  EXPECT_EQ(box_.Look([] { return StrCat(ReadAll("/m/0/file"), ReadAll("/m/1499/file")); }),
            "content\ncontent\n");
}

TEST_F(Mounts, TwoHundredMasksAreTwoMountsCloned) {
  for (int i = 0; i < 100; ++i) {
    box_.dir.Write(StrCat("rootfs/secret/f", i), "secret");
    ASSERT_TRUE(MakeDirs(box_.Rootfs(StrCat("secret/d", i, "/x")), 0755));
    box_.config.linux.masked_paths.push_back(StrCat("/secret/f", i));
    box_.config.linux.masked_paths.push_back(StrCat("/secret/d", i));
  }
  box_.config.linux.masked_paths.push_back("/secret/missing");

  const std::string seen = box_.Look([] {
    struct stat one;
    struct stat other;
    (void)::stat("/secret/d0", &one);
    (void)::stat("/secret/d99", &other);
    return StrCat(ReadAll("/secret/f0"), ReadAll("/secret/f99"), Names("/secret/d0"),
                  Names("/secret/d99"), one.st_dev == other.st_dev ? "same" : "different");
  });

  EXPECT_EQ(seen, "same");
}

TEST_F(Mounts, AReadonlyPathTakesTheMountsBelowWithIt) {
  Bind("/volume", "volume", {"bind"});
  Tmpfs("/volume/below", {"nosuid"});
  box_.config.linux.readonly_paths = {"/volume", "/missing"};

  const std::string seen = box_.Look([] {
    return StrCat(WriteTo("/volume/x", "x"), " ", WriteTo("/volume/below/x", "x"), "\n",
                  MountLine("/volume/below"));
  });

  EXPECT_THAT(seen, StartsWith("errno EROFS errno EROFS\n/volume/below ro,nosuid,relatime"));
}

}  // namespace
}  // namespace caisson::test
