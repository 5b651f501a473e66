// SPDX-License-Identifier: Apache-2.0
// What only a host with all controllers on v2 shows; tests/vm runs these.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstring>

#include "runtime/base/run_command.h"
#include "runtime/cgroup/oom_watch.h"
#include "tests/integration/cgroup/fixture.h"

namespace caisson::cgroup {
namespace {

using test::Need;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::int64_t kMiB = 1 << 20;

TEST_F(CgroupTest, OnV2LimitsAreInForce) {
  CAISSON_REQUIRE(Need::kRoot, Need::kCgroupV2);
  Manager& manager = Create();

  const Status done = manager.Apply(
      {.memory =
           spec::MemoryResources{.limit = 32 * kMiB, .reservation = 16 * kMiB, .swap = 64 * kMiB},
       .cpu = spec::CpuResources{.shares = 512,
                                 .quota_us = 50000,
                                 .burst_us = 10000,
                                 .period_us = 100000,
                                 .cpus = "0",
                                 .mems = "0"},
       .pids = spec::PidsResources{17},
       .block_io = spec::BlockIoResources{.weight = 500},
       .unified = {{"memory.high", "20971520"}}},
      ApplyFor::kCreate);

  ASSERT_TRUE(done) << done.error().ToString();
  EXPECT_EQ(V2("memory.max"), StrCat(32 * kMiB));
  EXPECT_EQ(V2("memory.swap.max"), StrCat(32 * kMiB));
  EXPECT_EQ(V2("memory.low"), StrCat(16 * kMiB));
  EXPECT_EQ(V2("memory.high"), "20971520");
  EXPECT_EQ(V2("cpu.weight"), StrCat(WeightFromShares(512)));
  EXPECT_EQ(V2("cpu.max"), "50000 100000");
  EXPECT_EQ(V2("cpu.max.burst"), "10000");
  EXPECT_EQ(V2("cpuset.cpus"), "0");
  EXPECT_EQ(V2("pids.max"), "17");
}

TEST_F(CgroupTest, OnV2AnUpdateOfThePeriodKeepsTheQuota) {
  CAISSON_REQUIRE(Need::kRoot, Need::kCgroupV2);
  Manager& manager = Create();
  ASSERT_TRUE(manager.Apply({.cpu = spec::CpuResources{.quota_us = 20000, .burst_us = 20000}},
                            ApplyFor::kCreate));

  ASSERT_TRUE(manager.Apply({.cpu = spec::CpuResources{.period_us = 50000}}, ApplyFor::kUpdate));
  EXPECT_EQ(V2("cpu.max"), "20000 50000");
  // Below the burst that stands, so it has to come after the new burst.
  const Status lower = manager.Apply(
      {.cpu = spec::CpuResources{.quota_us = 5000, .burst_us = 1000}}, ApplyFor::kUpdate);
  ASSERT_TRUE(lower) << lower.error().ToString();
  EXPECT_EQ(V2("cpu.max"), "5000 50000");
}

TEST_F(CgroupTest, OnV2TheOomKillerIsNoticedAndCounted) {
  CAISSON_REQUIRE(Need::kRoot, Need::kCgroupV2);
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

  const auto status = child.guard.child().Reap(Soon());
  ASSERT_TRUE(status && *status);
  EXPECT_EQ((*status)->signal, 9);
  (void)child.guard.Disarm();
  pollfd wait{.fd = watch->fd().get(), .events = POLLIN, .revents = 0};
  ASSERT_EQ(::poll(&wait, 1, 10'000), 1);

  const auto counts = watch->Read();
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->kills, 1u);
  EXPECT_GT(counts->limit_hits, 0u);
}

TEST_F(CgroupTest, OnV2DeviceRulesHoldFromCreateOn) {
  CAISSON_REQUIRE(Need::kRoot, Need::kCgroupV2);
  Manager& manager = Create();
  const Status applied = manager.Apply({}, ApplyFor::kCreate);
  ASSERT_TRUE(applied) << applied.error().ToString();
  HeldChild child = Held([] {
    const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
    const UniqueFd kmsg(::open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC));
    const int err = errno;
    if (!null.valid()) return 99;
    return kmsg.valid() ? 0 : err;
  });
  ASSERT_TRUE(manager.AddProcess(child.guard.child().host_pid()));
  child.Release();

  const auto status = child.guard.child().Reap(Soon());

  ASSERT_TRUE(status && *status);
  EXPECT_EQ((*status)->code, EPERM);
  (void)child.guard.Disarm();
}

TEST_F(CgroupTest, OnV2ADelegatedCgroupIsTheUsers) {
  CAISSON_REQUIRE(Need::kRoot, Need::kCgroupV2);
  Manager& manager = Create();
  constexpr uid_t kUser = 123456;

  ASSERT_TRUE(manager.Delegate(kUser));

  const std::pair<const char*, uid_t> owners[] = {{"", kUser},
                                                  {"/cgroup.procs", kUser},
                                                  {"/cgroup.subtree_control", kUser},
                                                  {"/memory.max", 0}};
  for (const auto& [file, owner] : owners) {
    struct stat info {};
    ASSERT_EQ(::stat(StrCat(manager.record().V2()->path, file).c_str(), &info), 0) << file;
    EXPECT_EQ(info.st_uid, owner) << file;
  }
}

TEST_F(CgroupTest, OnV2ACgroupWithControllersBelowRefusesProcessesWithARemedy) {
  CAISSON_REQUIRE(Need::kRoot, Need::kCgroupV2);
  Manager& outer = Create();
  auto inner = Manager::Plan(*Layout::Detect(), {.cgroups_path = StrCat("/", name_, "/inner")});
  ASSERT_TRUE(inner);
  ASSERT_TRUE(inner->Create());
  const ChildGuard child = Sleeper();

  const Status refused = outer.AddProcess(child.child().host_pid());

  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message(), HasSubstr("(EBUSY)"));
  EXPECT_THAT(refused.error().hint(), HasSubstr("choose a leaf"));
  ASSERT_TRUE(inner->AddProcess(child.child().host_pid()));
  const auto where = outer.WhereIs(child.child().host_pid());
  ASSERT_TRUE(where);
  EXPECT_EQ(where->record().V2()->path, inner->record().V2()->path);
}

// The first call starts the bus, whose own cgroup is not a leak.
struct AwakeBus {
  AwakeBus() { (void)RunCommand({.argv = {"busctl", "list"}}, "", Soon()); }
};

class SystemdTest : private AwakeBus, public CgroupTest {
 protected:
  void SetUp() override {
    CAISSON_REQUIRE(Need::kRoot);
    if (::access("/run/systemd/system", F_OK) != 0) GTEST_SKIP() << "systemd is not running";
  }
};

TEST_F(SystemdTest, TheScopeHasTheProcessAndItsLimitsAndGoes) {
  const std::string unit = StrCat("caisson-", name_, ".scope");
  Manager& manager = Create({.container_id = name_, .driver = Driver::kSystemd});
  const ChildGuard child = Sleeper();

  const Status joined = manager.AddProcess(child.child().host_pid());
  ASSERT_TRUE(joined) << joined.error().ToString();
  const Status applied = manager.Apply(
      {.memory = spec::MemoryResources{.limit = 64 * kMiB}, .pids = spec::PidsResources{50}},
      ApplyFor::kCreate);
  ASSERT_TRUE(applied) << applied.error().ToString();

  EXPECT_THAT(*manager.Processes(), testing::ElementsAre(child.child().host_pid()));
  const auto show = RunCommand(
      {.argv = {"systemctl", "show", unit, "-p", "MemoryMax,TasksMax,Delegate"}}, "", Soon());
  ASSERT_TRUE(show);
  EXPECT_THAT(show->out, HasSubstr("MemoryMax=67108864"));
  EXPECT_THAT(show->out, HasSubstr("TasksMax=50"));
  EXPECT_THAT(show->out, HasSubstr("Delegate=yes"));
  EXPECT_EQ(V2("memory.max"), "67108864");

  ASSERT_TRUE(manager.KillAll(Soon()));
  const Status removed = manager.Remove(Soon());
  ASSERT_TRUE(removed) << removed.error().ToString();
  EXPECT_NE(::access(manager.record().V2()->path.c_str(), F_OK), 0);
}

TEST_F(SystemdTest, ASliceThatIsNoneIsToldInItsWords) {
  Manager& manager = Create({.container_id = name_,
                             .cgroups_path = StrCat("bad%name.slice:x:", name_),
                             .driver = Driver::kSystemd});
  const ChildGuard child = Sleeper();

  const Status joined = manager.AddProcess(child.child().host_pid());

  ASSERT_FALSE(joined);
  EXPECT_THAT(joined.error().message(), StartsWith(StrCat("unit \"x-", name_, ".scope\": ")));
}

}  // namespace
}  // namespace caisson::cgroup
