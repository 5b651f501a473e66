// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cstring>

#include "runtime/base/path.h"
#include "runtime/cgroup/device_bpf.h"
#include "runtime/cgroup/oom_watch.h"
#include "tests/integration/cgroup/fixture.h"

namespace caisson::cgroup {
namespace {

using test::Need;
using testing::AnyOf;
using testing::HasSubstr;

constexpr std::int64_t kMiB = 1 << 20;

TEST_F(CgroupTest, LimitsAreInForce) {
  CAISSON_REQUIRE(Need::kRoot, Need::kCgroupV1Memory);
  Manager& manager = Create();

  const Status done = manager.Apply({.memory = spec::MemoryResources{.limit = 32 * kMiB,
                                                                     .reservation = 16 * kMiB,
                                                                     .swap = 64 * kMiB,
                                                                     .swappiness = 10,
                                                                     .disable_oom_killer = false},
                                     .cpu = spec::CpuResources{.shares = 512,
                                                               .quota_us = 50000,
                                                               .burst_us = 10000,
                                                               .period_us = 100000,
                                                               .cpus = "0",
                                                               .mems = "0"},
                                     .pids = spec::PidsResources{17}},
                                    ApplyFor::kCreate);

  ASSERT_TRUE(done) << done.error().ToString();
  EXPECT_EQ(V1("memory", "memory.limit_in_bytes"), StrCat(32 * kMiB));
  EXPECT_EQ(V1("memory", "memory.soft_limit_in_bytes"), StrCat(16 * kMiB));
  EXPECT_EQ(V1("memory", "memory.memsw.limit_in_bytes"), StrCat(64 * kMiB));
  EXPECT_EQ(V1("memory", "memory.swappiness"), "10");
  EXPECT_EQ(V1("cpu", "cpu.shares"), "512");
  EXPECT_EQ(V1("cpu", "cpu.cfs_quota_us"), "50000");
  EXPECT_EQ(V1("cpu", "cpu.cfs_burst_us"), "10000");
  EXPECT_EQ(V1("cpuset", "cpuset.cpus"), "0");
  EXPECT_EQ(V1("pids", "pids.max"), "17");
  EXPECT_THAT(V1("devices", "devices.list"), HasSubstr("c 1:3 rwm"));
  EXPECT_THAT(V1("devices", "devices.list"), Not(HasSubstr("a *:* rwm")));
}

TEST_F(CgroupTest, UpdatesGoUpAndDownInWhateverOrderTheKernelNeeds) {
  CAISSON_REQUIRE(Need::kRoot, Need::kCgroupV1Memory);
  Manager& manager = Create();
  const std::int64_t limits[] = {16 * kMiB, 64 * kMiB, 8 * kMiB, -1, 32 * kMiB};
  for (const std::int64_t limit : limits) {
    SCOPED_TRACE(limit);
    const spec::Resources resources{
        .memory = spec::MemoryResources{.limit = limit, .swap = limit},
        .cpu = spec::CpuResources{.quota_us = limit > 0 ? limit / 512 : 100000,
                                  .burst_us = limit > 0 ? limit / 512 : 0}};
    const Status done = manager.Apply(resources, ApplyFor::kUpdate);
    ASSERT_TRUE(done) << done.error().ToString();
  }
  EXPECT_EQ(V1("memory", "memory.limit_in_bytes"), StrCat(32 * kMiB));
  EXPECT_EQ(V1("memory", "memory.memsw.limit_in_bytes"), StrCat(32 * kMiB));
}

TEST_F(CgroupTest, CpusThatTheParentLacksAreRefusedWithWhatItHas) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();

  const Status done = manager.Apply({.cpu = spec::CpuResources{.cpus = "4000"}}, ApplyFor::kCreate);

  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(),
              HasSubstr("linux.resources.cpu.cpus (cpuset.cpus = 4000): write"));
  EXPECT_THAT(done.error().hint(), HasSubstr("which is what the parent cgroup has"));
}

TEST_F(CgroupTest, AMemoryLimitBelowUsageSaysHowMuchIsUsed) {
  CAISSON_REQUIRE(Need::kRoot, Need::kCgroupV1Memory);
  Manager& manager = Create();
  HeldChild child = Held([] {
    std::string memory(std::size_t{8} << 20, 'x');
    ::pause();
    return memory.back() == 'x' ? 0 : 1;
  });
  ASSERT_TRUE(manager.AddProcess(child.guard.child().host_pid()));
  child.Release();
  const Deadline deadline = Soon();
  while (!deadline.passed() && manager.ReadStats(kMemory)->memory.rss.value_or(0) < 8 * kMiB) {
  }

  const Status done = manager.Apply({.memory = spec::MemoryResources{.limit = kMiB, .swap = kMiB}},
                                    ApplyFor::kUpdate);

  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(),
              HasSubstr("linux.resources.memory.limit (memory.limit_in_bytes = 1048576)"));
  EXPECT_THAT(done.error().message(), HasSubstr("(EBUSY)"));
  EXPECT_THAT(done.error().hint(), HasSubstr("bytes that are in use"));
}

TEST_F(CgroupTest, ForkingIsBounded) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  ASSERT_TRUE(manager.Apply({.pids = spec::PidsResources{0}}, ApplyFor::kCreate));
  HeldChild child = Held([] {
    const pid_t pid = ::fork();
    if (pid == 0) ::_exit(0);
    return pid < 0 ? errno : 0;
  });
  ASSERT_TRUE(manager.AddProcess(child.guard.child().host_pid()));
  child.Release();

  const auto status = child.guard.child().Reap(Soon());

  ASSERT_TRUE(status && *status);
  EXPECT_EQ((*status)->code, EAGAIN);
  (void)child.guard.Disarm();
}

// Opens a device node that the host has but containers have not.
int OpenKmsg() {
  const UniqueFd fd(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  return fd.valid() ? 0 : errno;
}

TEST_F(CgroupTest, DevicesThatAreNotAllowedCannotBeOpened) {
  CAISSON_REQUIRE(Need::kRoot);
  if (OpenKmsg() != 0) GTEST_SKIP() << "/dev/kmsg cannot be opened here at all";
  Manager& manager = Create();
  ASSERT_TRUE(manager.Apply({}, ApplyFor::kCreate));
  HeldChild child = Held([] {
    if (::open("/dev/null", O_RDWR | O_CLOEXEC) < 0) return 99;
    return OpenKmsg();
  });
  ASSERT_TRUE(manager.AddProcess(child.guard.child().host_pid()));
  child.Release();

  const auto status = child.guard.child().Reap(Soon());

  ASSERT_TRUE(status && *status);
  EXPECT_EQ((*status)->code, EPERM);
  (void)child.guard.Disarm();
}

// The v2 way, on the v2 directory that a hybrid host has beside v1.
TEST_F(CgroupTest, TheDeviceProgramIsTakenByTheKernelAndReplacedInPlace) {
  CAISSON_REQUIRE(Need::kRoot);
  if (OpenKmsg() != 0) GTEST_SKIP() << "/dev/kmsg cannot be opened here at all";
  Manager& manager = Create();
  if (manager.record().V2() == nullptr) GTEST_SKIP() << "no v2 hierarchy";
  const auto dir = OpenAt(kCwd, manager.record().V2()->path, O_RDONLY | O_DIRECTORY);
  ASSERT_TRUE(dir);
  const auto attach = [&](const std::vector<spec::DeviceRule>& rules, Attach how) {
    const auto program = LoadDeviceProgram(BuildDeviceProgram(*EffectiveRules(rules)));
    ASSERT_TRUE(program) << program.error().ToString();
    const Status attached = AttachDeviceProgram(*dir, *program, how);
    ASSERT_TRUE(attached) << attached.error().ToString();
  };
  const auto try_open = [&] {
    HeldChild child = Held(OpenKmsg);
    EXPECT_TRUE(manager.AddProcess(child.guard.child().host_pid()));
    child.Release();
    const auto status = child.guard.child().Reap(Soon());
    (void)child.guard.Disarm();
    return status && *status ? (*status)->code : -1;
  };

  attach({}, Attach::kFirst);
  EXPECT_EQ(try_open(), EPERM);
  attach({{.allow = true, .type = 'c', .major = 1, .minor = 11}}, Attach::kReplace);
  EXPECT_EQ(try_open(), 0);
}

TEST_F(CgroupTest, TheOomKillerIsNoticedAndCounted) {
  CAISSON_REQUIRE(Need::kRoot, Need::kCgroupV1Memory);
  Manager& manager = Create();
  ASSERT_TRUE(manager.Apply({.memory = spec::MemoryResources{.limit = 8 * kMiB, .swap = 8 * kMiB}},
                            ApplyFor::kCreate));
  auto watch = OomWatch::Open(manager.record());
  ASSERT_TRUE(watch) << watch.error().ToString();
  HeldChild child = Held([]() -> int {
    for (;;) {
      char* const block = static_cast<char*>(::malloc(kMiB));
      if (block != nullptr) std::memset(block, 1, kMiB);
    }
  });
  ASSERT_TRUE(manager.AddProcess(child.guard.child().host_pid()));
  child.Release();

  pollfd wait{.fd = watch->fd().get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&wait, 1, 10'000), 1);
  const auto status = child.guard.child().Reap(Soon());
  ASSERT_TRUE(status && *status);
  EXPECT_EQ((*status)->signal, 9);
  (void)child.guard.Disarm();

  const auto counts = watch->Read();
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->kills, 1u);
  EXPECT_GT(counts->limit_hits, 0u);
  EXPECT_EQ(AttributeOom({}, *counts, {}, {}), OomLevel::kContainer);
}

TEST_F(CgroupTest, HugepageLimitsGoToV2WhereTheControllerIsThere) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  const Directory* const v2 = manager.record().V2();
  if (v2 == nullptr || manager.record().FindV1("hugetlb") != nullptr)
    GTEST_SKIP() << "hugetlb is not on v2";

  const Status done = manager.Apply({.hugepage_limits = {{"512TB", 0}}}, ApplyFor::kCreate);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message(), HasSubstr("hugepageLimits[0].pageSize"));
}

}  // namespace
}  // namespace caisson::cgroup
