// SPDX-License-Identifier: Apache-2.0
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "tests/integration/cgroup/fixture.h"

namespace caisson::cgroup {
namespace {

using test::Need;
using testing::ElementsAre;
using testing::HasSubstr;

bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

TEST_F(CgroupTest, AProcessIsInEveryHierarchyAndNothingStaysBehind) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  const ChildGuard child = Sleeper();

  ASSERT_TRUE(manager.AddProcess(child.child().host_pid()));

  const auto text = ReadFile(StrCat("/proc/", child.child().host_pid(), "/cgroup"));
  ASSERT_TRUE(text);
  for (const auto line : Split(Trim(*text), '\n'))
    EXPECT_THAT(std::string(line), testing::EndsWith(":/" + name_));
  EXPECT_THAT(*manager.Processes(), ElementsAre(child.child().host_pid()));

  ASSERT_TRUE(manager.KillAll(Soon()));
  ASSERT_TRUE(child.child().WaitEnded(Soon()));
  const Status removed = manager.Remove(Soon());
  ASSERT_TRUE(removed) << removed.error().ToString();
  for (const Directory& directory : manager.record().directories)
    EXPECT_FALSE(Exists(directory.path)) << directory.path;
}

TEST_F(CgroupTest, AProcessJoinsEveryHierarchyByItself) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  const auto files = manager.OpenToJoin();
  ASSERT_TRUE(files) << files.error().message();
  int inside[2];
  ASSERT_EQ(::pipe2(inside, O_CLOEXEC), 0);
  const UniqueFd told(inside[0]);
  UniqueFd tell(inside[1]);
  HeldChild child = Held([&] {
    const StepFailure joined = JoinCgroups(files->view());
    CloseJoinFiles(files->view());
    if (!joined.ok() || ::fcntl(files->view().files[0], F_GETFD) >= 0) return 1;
    if (::write(tell.get(), "x", 1) != 1) return 2;
    ::pause();
    return 3;
  });
  tell.Reset();

  child.Release();

  char byte = 0;
  ASSERT_EQ(::read(told.get(), &byte, 1), 1) << "the child could not join";
  const pid_t pid = child.guard.child().host_pid();
  const auto text = ReadFile(StrCat("/proc/", pid, "/cgroup"));
  ASSERT_TRUE(text);
  for (const auto line : Split(Trim(*text), '\n'))
    EXPECT_THAT(std::string(line), testing::EndsWith(":/" + name_));
  EXPECT_THAT(*manager.Processes(), ElementsAre(pid));
}

TEST_F(CgroupTest, JoiningACgroupThatIsGoneNamesIt) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  const auto files = manager.OpenToJoin();
  ASSERT_TRUE(files) << files.error().message();
  ASSERT_TRUE(manager.Remove(Soon()));

  const StepFailure joined = JoinCgroups(files->view());

  EXPECT_EQ(joined.sys_errno, ENODEV);
  EXPECT_EQ(joined.item, 0u);
  EXPECT_THAT(files->Explain(joined).message(),
              testing::StartsWith(StrCat("join cgroup \"/", name_, "\": write \"",
                                         manager.record().directories[0].path)));
}

TEST_F(CgroupTest, CloneIntoTheV2DirectoryNeedsNoWriteThere) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  if (manager.record().V2() == nullptr) GTEST_SKIP() << "no v2 hierarchy";
  const auto dir = manager.DirFdForClone();
  ASSERT_TRUE(dir) << dir.error().message();
  int pidfd = -1;
  clone_args args{};
  args.flags = CLONE_INTO_CGROUP | CLONE_PIDFD;
  args.exit_signal = SIGCHLD;
  args.pidfd = reinterpret_cast<std::uint64_t>(&pidfd);
  args.cgroup = static_cast<std::uint64_t>(dir->get());

  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid == 0) {
    ::pause();
    ::_exit(0);
  }
  ASSERT_GT(pid, 0);
  const ChildGuard child(Pidfd(UniqueFd(pidfd), static_cast<pid_t>(pid)));

  EXPECT_THAT(*manager.Processes(), ElementsAre(static_cast<pid_t>(pid)));
  EXPECT_TRUE(manager.AddProcess(static_cast<pid_t>(pid), V2Join::kDoneByClone));
}

TEST_F(CgroupTest, ACgroupInUseIsNotTakenOver) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  const ChildGuard child = Sleeper();
  ASSERT_TRUE(manager.AddProcess(child.child().host_pid()));
  auto second = Manager::Plan(*Layout::Detect(), {.container_id = name_});
  ASSERT_TRUE(second);

  const Status created = second->Create();

  ASSERT_FALSE(created);
  EXPECT_EQ(created.error().code(), Code::kAlreadyExists);
  EXPECT_THAT(created.error().message(),
              HasSubstr(StrCat("is in use by process ", child.child().host_pid(), " (sleep)")));
}

TEST_F(CgroupTest, ParentsThatWereMadeGoAndOthersStay) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& outer = Create();
  auto inner = Manager::Plan(*Layout::Detect(),
                             {.container_id = "c", .cgroups_path = StrCat("/", name_, "/p/q/c")});
  ASSERT_TRUE(inner);
  const Status created = inner->Create();
  ASSERT_TRUE(created) << created.error().ToString();
  const ChildGuard child = Sleeper();
  ASSERT_TRUE(inner->AddProcess(child.child().host_pid())) << "cpuset has its parents' CPUs";
  ASSERT_TRUE(inner->KillAll(Soon()));

  const Status removed = inner->Remove(Soon());

  ASSERT_TRUE(removed) << removed.error().ToString();
  for (const Directory& directory : outer.record().directories) {
    EXPECT_TRUE(Exists(directory.path));
    EXPECT_FALSE(Exists(directory.path + "/p"));
  }
}

TEST_F(CgroupTest, AFailedCreateLeavesNothing) {
  CAISSON_REQUIRE(Need::kRoot);
  auto manager = Manager::Plan(*Layout::Detect(), {.container_id = name_});
  ASSERT_TRUE(manager);
  Record record = manager->record();
  if (record.directories.size() == 1) GTEST_SKIP() << "needs more than one hierarchy";
  // The last one cannot be made: its parent is a file.
  record.directories.back().path = "/proc/self/cmdline/a/b";
  record.directories.back().depth = 2;
  Manager broken(record);

  const Status created = broken.Create();

  ASSERT_FALSE(created);
  EXPECT_THAT(created.error().message(),
              HasSubstr(StrCat("create cgroup \"/", name_, "\": mkdir")));
  for (const Directory& directory : manager->record().directories)
    EXPECT_FALSE(Exists(directory.path)) << directory.path;
}

TEST_F(CgroupTest, FrozenProcessesStopAndGoOnAndDieFrozen) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  const ChildGuard child = Sleeper();
  ASSERT_TRUE(manager.AddProcess(child.child().host_pid()));

  const Status frozen = manager.SetFrozen(true, Soon());
  ASSERT_TRUE(frozen) << frozen.error().ToString();
  EXPECT_TRUE(*manager.IsFrozen());
  ASSERT_TRUE(manager.SetFrozen(false, Soon()));
  EXPECT_FALSE(*manager.IsFrozen());

  ASSERT_TRUE(manager.SetFrozen(true, Soon()));
  const Status killed = manager.KillAll(Soon());
  ASSERT_TRUE(killed) << killed.error().ToString();
  EXPECT_TRUE(*child.child().WaitEnded(Soon()));
}

TEST_F(CgroupTest, KillAllReachesCgroupsBelowAndRemoveTakesThemToo) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  for (const Directory& directory : manager.record().directories)
    ASSERT_EQ(::mkdir((directory.path + "/sub").c_str(), 0755), 0) << directory.path;
  if (const Directory* const cpuset = manager.record().FindV1("cpuset")) {
    for (const char* file : {"cpuset.cpus", "cpuset.mems"})
      ASSERT_TRUE(WriteFileAt(kCwd, StrCat(cpuset->path, "/sub/", file), V1("cpuset", file)));
  }
  const std::string sub[] = {"/sub"};
  auto below = manager.Below(sub);
  ASSERT_TRUE(below);
  const ChildGuard child = Sleeper();
  const Status joined = below->AddProcess(child.child().host_pid());
  ASSERT_TRUE(joined) << joined.error().ToString();
  EXPECT_THAT(*manager.Processes(), ElementsAre(child.child().host_pid()));

  ASSERT_TRUE(manager.KillAll(Soon()));

  EXPECT_TRUE(*child.child().WaitEnded(Soon()));
  const Status removed = manager.Remove(Soon());
  EXPECT_TRUE(removed) << removed.error().ToString();
}

// A v1 host has no cgroup.kill: the same, on the v1 directories alone.
TEST_F(CgroupTest, KillAllWithoutV2FreezesKillsAndThaws) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  Record v1 = manager.record();
  if (v1.V2() == nullptr || v1.directories.size() == 1) GTEST_SKIP() << "needs a hybrid host";
  v1.directories.pop_back();
  const ChildGuard one = Sleeper();
  const ChildGuard two = Sleeper();
  ASSERT_TRUE(manager.AddProcess(one.child().host_pid()));
  ASSERT_TRUE(manager.AddProcess(two.child().host_pid()));

  const Status killed = Manager(v1).KillAll(Soon());

  ASSERT_TRUE(killed) << killed.error().ToString();
  EXPECT_TRUE(*one.child().WaitEnded(Soon()));
  EXPECT_TRUE(*two.child().WaitEnded(Soon()));
}

TEST_F(CgroupTest, RemoveNamesTheProcessThatIsInTheWay) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  const ChildGuard child = Sleeper();
  ASSERT_TRUE(manager.AddProcess(child.child().host_pid()));

  const Status removed = manager.Remove(Deadline::After(std::chrono::milliseconds(20)));

  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().sys_errno(), EBUSY);
  EXPECT_THAT(removed.error().message(),
              HasSubstr(StrCat("process ", child.child().host_pid(), " (sleep) is still in it")));
}

TEST_F(CgroupTest, RemoveWaitsForAProcessOnItsWayOut) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  const ChildGuard child = Sleeper();
  ASSERT_TRUE(manager.AddProcess(child.child().host_pid()));
  ASSERT_TRUE(child.child().Signal(SIGKILL));

  const Status removed = manager.Remove(Soon());

  EXPECT_TRUE(removed) << removed.error().ToString();
}

TEST_F(CgroupTest, RemovingTwiceIsNoError) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  EXPECT_TRUE(manager.Remove(Soon()));
  EXPECT_TRUE(manager.Remove(Soon()));
}

TEST_F(CgroupTest, AddingAProcessThatHasEndedIsNotFound) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  ChildGuard child = Sleeper();
  const pid_t pid = child.child().host_pid();
  ASSERT_TRUE(child.child().Signal(SIGKILL));
  ASSERT_TRUE(child.child().Reap(Soon()));
  (void)child.Disarm();

  const Status joined = manager.AddProcess(pid);

  ASSERT_FALSE(joined);
  EXPECT_EQ(joined.error().code(), Code::kNotFound);
  EXPECT_THAT(joined.error().message(), HasSubstr("no such process"));
}

// As an ordinary user, to whom nothing was delegated.
int TryAsNobody(const Layout& layout, Request request) {
  if (::setgid(65534) < 0 || ::setuid(65534) < 0) return 1;
  auto manager = Manager::Plan(layout, request);
  if (!manager) return 2;
  const Status created = manager->Create();
  if (request.rootless) return created && !manager->has_cgroup() ? 0 : 3;
  if (created || created.error().code() != Code::kDenied) return 4;
  const bool is_explained =
      created.error().message().find("(EACCES)") != std::string::npos &&
      created.error().hint() == "run as root, or in a cgroup that is delegated to this user";
  return is_explained ? 0 : 5;
}

TEST_F(CgroupTest, WithoutPermissionARootlessContainerGoesWithoutAndOthersAreToldWhy) {
  CAISSON_REQUIRE(Need::kRoot);
  const auto layout = Layout::Detect();
  ASSERT_TRUE(layout);
  for (const bool rootless : {true, false}) {
    HeldChild child =
        Held([&] { return TryAsNobody(*layout, {.container_id = name_, .rootless = rootless}); });
    child.Release();
    const auto status = child.guard.child().Reap(Soon());
    (void)child.guard.Disarm();
    ASSERT_TRUE(status && *status);
    EXPECT_EQ((*status)->code, 0) << rootless;
  }
}

TEST_F(CgroupTest, StatsTellWhatAProcessUses) {
  CAISSON_REQUIRE(Need::kRoot);
  Manager& manager = Create();
  // Joined before it starts, so that its memory is charged here.
  HeldChild child = Held([] {
    std::string memory(std::size_t{8} << 20, 'x');
    ::pause();
    return memory.back() == 'x' ? 0 : 1;
  });
  ASSERT_TRUE(manager.AddProcess(child.guard.child().host_pid()));
  child.Release();

  // It says nothing when it is done allocating; reading is cheap enough to ask until it is.
  const Deadline deadline = Soon();
  while (!deadline.passed() &&
         manager.ReadStats(kMemory)->memory.rss.value_or(0) < (std::uint64_t{8} << 20)) {
  }
  const auto stats = manager.ReadStats();

  ASSERT_TRUE(stats) << stats.error().message();
  EXPECT_GE(stats->memory.usage.value_or(0), std::uint64_t{8} << 20);
  EXPECT_GE(stats->memory.peak.value_or(0), std::uint64_t{8} << 20);
  EXPECT_GT(stats->cpu.usage_ns.value_or(0), 0u);
  EXPECT_EQ(stats->pids.current, 1u);
  EXPECT_EQ(stats->processes, 1u);
  EXPECT_EQ(stats->memory.oom_kills, 0u);
  EXPECT_EQ(stats->memory.limit, kUnlimited);
  EXPECT_EQ(stats->cpu.quota_us, kUnlimited);
  EXPECT_EQ(stats->cpu.shares, 1024u);
  EXPECT_FALSE(stats->cpus_effective.empty());
}

}  // namespace
}  // namespace caisson::cgroup
