// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
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

class DefaultBundle : public ::testing::Test {
 protected:
  void SetUp() override { CAISSON_REQUIRE(Need::kRoot); }
  Box box_;
};

TEST_F(DefaultBundle, HasTheMountsOfTheConfigurationAndNothingOfTheHost) {
  const std::string mounts = box_.Look([] { return Mountinfo(); });

  EXPECT_THAT(mounts, HasSubstr("/proc rw,relatime proc proc"));
  EXPECT_THAT(mounts, HasSubstr("/dev rw,nosuid tmpfs tmpfs"));
  EXPECT_THAT(mounts, HasSubstr("/dev/pts rw,nosuid,noexec,relatime devpts devpts"));
  EXPECT_THAT(mounts, HasSubstr("/dev/shm rw,nosuid,nodev,noexec,relatime tmpfs shm"));
  EXPECT_THAT(mounts, HasSubstr("/dev/mqueue rw,nosuid,nodev,noexec,relatime mqueue mqueue"));
  EXPECT_THAT(mounts, HasSubstr("/sys ro,nosuid,nodev,noexec,relatime sysfs sysfs"));
  EXPECT_THAT(mounts, Not(HasSubstr("caisson-test")));
  EXPECT_THAT(mounts, Not(HasSubstr("/mnt")));
}

TEST_F(DefaultBundle, FileSystemsHaveTheirOwnOptions) {
  const std::string lines = box_.Look([] {
    return StrCat(MountLine("/dev"), "\n", MountLine("/dev/pts"), "\n", MountLine("/dev/shm"));
  });

  EXPECT_THAT(lines, HasSubstr("size=65536k,mode=755"));
  EXPECT_THAT(lines, HasSubstr("gid=5,mode=620,ptmxmode=666"));
}

TEST_F(DefaultBundle, ReadonlyRootRefusesWritesButTmpfsTakesThem) {
  const std::string seen =
      box_.Look([] { return StrCat(WriteTo("/new", "x"), ", ", WriteTo("/dev/shm/new", "x")); });

  EXPECT_EQ(seen, "errno EROFS, ok");
}

TEST_F(DefaultBundle, HasTheDefaultDevicesAndLinks) {
  const std::string seen = box_.Look([] {
    std::string out;
    for (const char* name : {"null", "zero", "full", "random", "urandom", "tty", "fd", "stdin",
                             "stdout", "stderr", "ptmx"})
      out.append(StrCat(name, ": ", Describe(StrCat("/dev/", name)), "\n"));
    return out;
  });

  EXPECT_EQ(seen,
            "null: c 1:3 666 0:0\nzero: c 1:5 666 0:0\nfull: c 1:7 666 0:0\n"
            "random: c 1:8 666 0:0\nurandom: c 1:9 666 0:0\ntty: c 5:0 666 0:0\n"
            "fd: l /proc/self/fd\nstdin: l /proc/self/fd/0\nstdout: l /proc/self/fd/1\n"
            "stderr: l /proc/self/fd/2\nptmx: l pts/ptmx\n");
}

TEST_F(DefaultBundle, DevCoreIsALinkWhereTheKernelHasKcore) {
  const bool has_kcore = ::access("/proc/kcore", F_OK) == 0;

  EXPECT_EQ(box_.Look([] { return Describe("/dev/core"); }),
            has_kcore ? "l /proc/kcore" : "errno ENOENT");
}

TEST_F(DefaultBundle, MaskedFilesAreEmptyAndMaskedDirectoriesToo) {
  const std::string seen = box_.Look([] {
    return StrCat(Describe("/proc/keys"), "|", ReadAll("/proc/keys"), "|", Names("/sys/firmware"),
                  "|", Describe("/sys/firmware"), "|", WriteTo("/sys/firmware/x", "x"));
  });

  EXPECT_EQ(seen, StrCat(Describe("/dev/null"), "|||d 555 0:0|errno EROFS"));
}

TEST_F(DefaultBundle, AMaskGivesNobodyPowerOverTheHostsNullDevice) {
  const std::string before = Describe("/dev/null");

  const std::string seen = box_.Look([] {
    const int changed = ::chmod("/proc/keys", 0600);
    return StrCat(changed == 0 ? "changed" : ::strerrorname_np(errno), ", ",
                  WriteTo("/proc/keys", "x"));
  });

  EXPECT_EQ(seen, "EROFS, ok");
  EXPECT_EQ(Describe("/dev/null"), before);
}

TEST_F(DefaultBundle, ReadonlyPathsCannotBeWritten) {
  const std::string seen = box_.Look([] {
    return StrCat(WriteTo("/proc/sys/kernel/hostname", "x"), ", ",
                  WriteTo("/proc/irq/default_smp_affinity", "3"), ", ", MountLine("/proc/sys"));
  });

  EXPECT_THAT(seen, StartsWith("errno EROFS, errno EROFS, /proc/sys ro,"));
}

TEST_F(DefaultBundle, LeavesNothingBehindOnTheHost) {
  const std::string before = ReadAll("/proc/self/mountinfo");

  (void)box_.Look([] { return std::string("x"); });

  EXPECT_EQ(ReadAll("/proc/self/mountinfo"), before);
}

TEST_F(DefaultBundle, NoPivotHidesTheHostsKernelMounts) {
  box_.context.no_pivot = true;

  const std::string seen =
      box_.Look([] { return StrCat(MountLine("/proc"), "|", WriteTo("/new", "x")); });

  EXPECT_EQ(seen, "/proc rw,relatime proc proc rw|errno EROFS");
}

TEST_F(DefaultBundle, HooksFindTheRootAtItsHostPath) {
  box_.context.pre_pivot_hooks = true;
  box_.config.root->readonly = false;
  const std::string rootfs = box_.Rootfs("dev/shm/by-hook");
  box_.before_pivot = [rootfs] { return WriteTo(rootfs, "from a hook"); };

  EXPECT_EQ(box_.Look([] { return ReadAll("/dev/shm/by-hook"); }), "from a hook");
}

TEST_F(DefaultBundle, TheWorkingDirectoryIsMade) {
  box_.config.process->cwd = "/srv/app/../work";

  EXPECT_EQ(box_.Look([] { return Describe("/srv/work"); }), "d 755 0:0");
}

TEST_F(DefaultBundle, RootPropagationIsAsAsked) {
  struct Case {
    const char* name;
    const char* seen;
  };
  const Case cases[] = {
      {"shared", "shared:"}, {"private", "/ ro,relatime ext4"}, {"unbindable", "unbindable"}};
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    box_.config.linux.rootfs_propagation = c.name;

    const std::string line = box_.Look([] { return MountLine("/"); });

    if (std::string_view(c.name) == "private") {
      EXPECT_THAT(line, AllOf(Not(HasSubstr("shared")), Not(HasSubstr("unbindable"))));
    } else {
      EXPECT_THAT(line, HasSubstr(c.seen));
    }
  }
}

}  // namespace
}  // namespace caisson::test
