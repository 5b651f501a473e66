// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "runtime/base/deadline.h"
#include "runtime/rootfs/calls_child.h"
#include "runtime/rootfs/proc_handle_child.h"
#include "runtime/rootfs/rootfs_child.h"
#include "runtime/rootfs/target_child.h"
#include "tests/integration/rootfs/box.h"
#include "tests/support/exchanger.h"
#include "tests/support/need.h"

namespace caisson::test {
namespace {

using ::testing::HasSubstr;

// Images and volumes that try to make the runtime act outside the root.
class Attack : public ::testing::Test {
 protected:
  void SetUp() override {
    CAISSON_REQUIRE(Need::kRoot);
    box_.config.root->readonly = false;
    ASSERT_TRUE(MakeDirs(outside(), 0755));
  }
  // A directory of the host that must stay empty.
  std::string outside() const { return box_.dir / "outside"; }
  void Link(const std::string& text, const std::string& in_root) {
    ASSERT_EQ(::symlink(text.c_str(), box_.Rootfs(in_root).c_str()), 0) << in_root;
  }
  void DropMount(std::string_view destination) {
    std::erase_if(box_.config.mounts, [&](const spec::Mount& mount) {
      return mount.destination.starts_with(destination);
    });
  }
  void ExpectNothingOutside() { EXPECT_EQ(Names(outside()), ""); }

  Box box_;
};

TEST_F(Attack, Cve2026_41579_AnAbsoluteDevLinkStaysInTheRoot) {
  DropMount("/dev");
  Link(outside(), "dev");

  (void)box_.Run([] { return std::string(); });

  ExpectNothingOutside();
}

TEST_F(Attack, Cve2026_47766_ARelativeDevLinkStaysInTheRoot) {
  DropMount("/dev");
  Link("../outside", "dev");

  const std::string seen = box_.Look([] { return Names("/outside"); });

  EXPECT_THAT(seen, HasSubstr("null"));
  ExpectNothingOutside();
}

TEST_F(Attack, Cve2026_41579_ADevLinkUnderATmpfsIsTheTmpfsTarget) {
  Link("../outside", "dev");

  const std::string seen = box_.Look([] { return Describe("/outside/null"); });

  EXPECT_EQ(seen, "c 1:3 666 0:0");
  ExpectNothingOutside();
}

TEST_F(Attack, Cve2019_19921_AProcLinkIsRefused) {
  ASSERT_TRUE(MakeDirs(box_.Rootfs("evil"), 0755));
  Link("evil", "proc");

  const Error error = box_.Refusal();

  EXPECT_EQ(error.code(), Code::kDenied);
  EXPECT_EQ(error.message(),
            "mount #0 proc on \"/proc\": \"/proc\" must be mounted on ordinary directory, not on a "
            "symlink");
  EXPECT_THAT(error.hint(), HasSubstr("replace the symlink in the image"));
}

TEST_F(Attack, Cve2023_27561_ASysLinkIsRefused) {
  Link("/tmp", "sys");

  EXPECT_THAT(box_.Refusal().message(),
              HasSubstr("sysfs on \"/sys\": \"/sys\" must be mounted on ordinary directory"));
}

TEST_F(Attack, Cve2019_16884_ALinkIntoProcIsNoTarget) {
  Link("/proc/sys/kernel", "data");
  box_.Mount({.destination = "/data", .type = "tmpfs", .source = "tmpfs"});

  const Error error = box_.Refusal();

  EXPECT_EQ(error.code(), Code::kDenied);
  EXPECT_THAT(error.message(), HasSubstr("\"/data\" leads into /proc through a symlink"));
}

TEST_F(Attack, Cve2019_18837_AMountTargetLinkIsFollowedInsideOnly) {
  Link(outside(), "data");
  box_.Mount({.destination = "/data/new/dir", .type = "tmpfs", .source = "tmpfs"});

  const std::string inside = outside() + "/new/dir";
  EXPECT_THAT(box_.Look([inside] { return MountLine(inside); }), HasSubstr("tmpfs"));
  ExpectNothingOutside();
}

TEST_F(Attack, Cve2024_45310_MissingDirectoriesAreMadeInsideOnly) {
  Link("../../../../../../outside", "a");
  box_.Mount({.destination = "/a/b/c", .type = "bind", .source = "outside", .options = {"bind"}});

  (void)box_.Look([] { return std::string(); });

  ExpectNothingOutside();
}

TEST_F(Attack, ALoopOfDanglingLinksEnds) {
  Link("b/x", "a");
  Link("a/x", "b");
  box_.Mount({.destination = "/a/c", .type = "tmpfs", .source = "tmpfs"});

  EXPECT_THAT(box_.Refusal().message(), HasSubstr("Too many levels of symbolic links (ELOOP)"));
}

TEST_F(Attack, AMagicLinkIsNoWayOut) {
  DropMount("/proc");
  box_.Mount({.destination = "/proc", .type = "proc", .source = "proc"});
  Link("/proc/self/root/tmp", "data");
  box_.Mount({.destination = "/data", .type = "tmpfs", .source = "tmpfs"});

  EXPECT_THAT(box_.Refusal().message(),
              HasSubstr("tmpfs on \"/data\": openat2 \"/data\": Too many"));
}

TEST_F(Attack, Cve2025_31133_TheImagesNullIsNeverAMask) {
  DropMount("/dev");
  ASSERT_TRUE(MakeDirs(box_.Rootfs("dev"), 0755));
  ASSERT_TRUE(MakeDirs(box_.Rootfs("etc"), 0755));
  box_.dir.Write("rootfs/etc/secret", "secret");
  box_.dir.Write("rootfs/etc/bait", "bait");
  Link("/etc/bait", "dev/null");
  box_.config.linux.masked_paths = {"/etc/secret"};

  // The link in place of a default device is refused before anything is masked.
  const Error error = box_.Refusal();

  EXPECT_EQ(error.code(), Code::kAlreadyExists);
  EXPECT_EQ(error.message(), "device \"/dev/null\": the image has something else at \"/dev/null\"");
}

TEST_F(Attack, Cve2025_31133_MasksAreTheKernelsNullDevice) {
  box_.dir.Write("rootfs/etc/secret", "secret");
  box_.config.linux.masked_paths = {"/etc/secret"};

  EXPECT_THAT(box_.Look([] { return Describe("/etc/secret"); }), HasSubstr("c 1:3 "));
}

TEST_F(Attack, AMaskedLinkMasksWhatItLeadsToInsideTheRoot) {
  box_.dir.Write("outside2/secret", "the host's");
  box_.dir.Write("rootfs/etc/secret", "secret");
  Link("/etc/secret", "alias");
  box_.config.linux.masked_paths = {"/alias"};

  EXPECT_EQ(box_.Look([] { return ReadAll("/etc/secret"); }), "");
}

TEST_F(Attack, ADeviceThatTheImageBringsIsNeverChowned) {
  DropMount("/dev");
  ASSERT_TRUE(MakeDirs(box_.Rootfs("dev"), 0755));
  ASSERT_EQ(::mknod(box_.Rootfs("dev/null").c_str(), S_IFCHR | 0600, makedev(1, 3)), 0);
  box_.config.linux.devices.push_back({.type = 'c',
                                       .path = "/dev/null",
                                       .major = 1,
                                       .minor = 3,
                                       .file_mode = 0666,
                                       .uid = 77,
                                       .gid = 77});

  EXPECT_EQ(box_.Look([] { return Describe("/dev/null"); }), "c 1:3 600 0:0");
}

TEST_F(Attack, ANodeOfAnotherDeviceIsRefused) {
  DropMount("/dev");
  ASSERT_TRUE(MakeDirs(box_.Rootfs("dev"), 0755));
  ASSERT_EQ(::mknod(box_.Rootfs("dev/zero").c_str(), S_IFCHR | 0600, makedev(1, 1)), 0);

  EXPECT_THAT(box_.Refusal().message(), HasSubstr("device \"/dev/zero\": the image has something"));
}

TEST_F(Attack, Cve2025_52881_TheProcHandlePassesNoMountAndNoLink) {
  box_.dir.Write("volume/fake", "fake");
  const std::string seen = box_.Look([] {
    rootfs::RootfsView none;
    const int proc = rootfs::OpenProcHandle(&none);
    if (proc < 0) return StrCat("no handle: ", ::strerrorname_np(errno));
    // Somebody mounts over what is going to be written.
    if (::mount("tmpfs", "/proc/self/attr", "tmpfs", 0, "") != 0) return std::string("mount");
    const int attr = rootfs::OpenInProc(proc, "self/attr/current", O_RDONLY);
    std::string out = attr >= 0 || errno == EINVAL ? "through, " : "blocked, ";
    const int mounted = ::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    out.append(rootfs::OpenInProc(mounted, "self/attr/current", O_RDONLY) < 0 && errno == EXDEV
                   ? "EXDEV, "
                   : "not seen, ");
    out.append(rootfs::OpenInProc(proc, "self/root/etc", O_RDONLY) < 0 ? ::strerrorname_np(errno)
                                                                       : "magic link passed");
    return out;
  });

  EXPECT_EQ(seen, "through, EXDEV, ELOOP");
}

TEST_F(Attack, Cve2025_52881_TheHandleSeesBehindReadonlyAndMaskedPaths) {
  const std::string seen = box_.Look([] {
    const int proc = rootfs::OpenProcHandle(nullptr);
    const int file = rootfs::OpenInProc(proc, "sys/kernel/hostname", O_WRONLY);
    if (file < 0) return std::string(::strerrorname_np(errno));
    if (::write(file, "by-handle", 9) != 9) return std::string(::strerrorname_np(errno));
    return ReadAll("/proc/sys/kernel/hostname");
  });

  EXPECT_EQ(seen, "by-handle\n");
}

TEST_F(Attack, Cve2021_30465_AnExchangedComponentNeverLeadsOutside) {
  const std::string root = box_.dir / "rootfs";
  ASSERT_TRUE(MakeDirs(root + "/volume", 0755));
  Link(outside(), "trap");
  Link("../../../../../.." + outside(), "trap2");
  const UniqueFd root_fd(::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  const Exchanger exchanger(root + "/volume", root + "/trap");
  const Exchanger second(root + "/trap2", root + "/trap");

  const Deadline end = Deadline::After(std::chrono::minutes(5));
  for (int i = 0; !(exchanger.enough() && second.enough()) && !end.passed(); ++i) {
    const std::string name = StrCat("volume/d", i % 50, "/e", i % 7);
    const auto kind = i % 2 == 0 ? rootfs::TargetKind::kDirectory : rootfs::TargetKind::kFile;
    const rootfs::Opened opened = rootfs::MakeTarget(root_fd.get(), name.c_str(), kind);
    if (opened.fd < 0) continue;
    char path[4096];
    const ssize_t size = ::readlink(StrCat("/proc/self/fd/", opened.fd).c_str(), path, sizeof path);
    ::close(opened.fd);
    ASSERT_TRUE(std::string_view(path, static_cast<std::size_t>(size)).starts_with(root + "/"))
        << std::string_view(path, static_cast<std::size_t>(size));
    if (i % 100 == 0) {
      for (const char* directory : {"volume", "trap", "trap2"})
        (void)RemoveTree(root_fd, StrCat(directory, "/d", i % 50));
    }
  }

  EXPECT_TRUE(exchanger.enough() && second.enough());
  ExpectNothingOutside();
}

TEST_F(Attack, Cve2023_27561_AnExchangedProcIsMountedInsideOrRefused) {
  const std::string root = box_.dir / "rootfs";
  ASSERT_TRUE(MakeDirs(root + "/proc", 0755));
  Link(outside(), "trap");
  const Exchanger exchanger(root + "/proc", root + "/trap");
  int rounds = 0;
  int refused = 0;

  for (const Deadline end = Deadline::After(std::chrono::minutes(5));
       !exchanger.enough() && !end.passed(); ++rounds) {
    const auto outcome = box_.Run([] { return MountLine("/proc"); });
    if (outcome.error) {
      ++refused;
    } else {
      EXPECT_THAT(outcome.text, ::testing::AnyOf(HasSubstr("/proc rw,relatime proc proc"), ""));
    }
  }

  ExpectNothingOutside();
  EXPECT_TRUE(exchanger.enough());
  EXPECT_LT(refused, rounds);
}

}  // namespace
}  // namespace caisson::test
