// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include "runtime/base/file.h"
#include "tests/integration/keeper/keeper_fixture.h"

namespace caisson::test {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

constexpr std::chrono::seconds kLimit{20};

std::uint64_t InodeOf(int pid, std::string_view ns) {
  struct stat info {};
  EXPECT_EQ(::stat(StrCat("/proc/", pid, "/ns/", ns).c_str(), &info), 0) << ns;
  return info.st_ino;
}

std::int64_t PrivateDirtyKib(int pid) {
  const auto rollup = ReadFile(StrCat("/proc/", pid, "/smaps_rollup"));
  if (!rollup) return -1;
  for (const std::string_view line : Split(*rollup, '\n')) {
    if (line.starts_with("Private_Dirty:"))
      return std::atol(std::string(line.substr(line.find(':') + 1)).c_str());
  }
  return -1;
}

class Containers : public KeeperTest {};

TEST_F(Containers, ExitCodeIsToldAndOnDisk) {
  Spawn(Config());

  const auto exit = RunToEnd("seven", Script("seven", "exit 7"));

  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->code, 7);
  EXPECT_EQ(exit->signal, 0);
  EXPECT_GE(exit->finished_at_ns, exit->started_at_ns);
  const auto record =
      keeper_client::ParseExitRecord(dir_->Read(StrCat("data/", uid_, "/exits/seven.json")));
  ASSERT_TRUE(record) << record.error().message();
  EXPECT_EQ(*record, *exit);
}

TEST_F(Containers, SignalIsToldAsSignal) {
  Spawn(Config());
  ASSERT_TRUE(Start("sleeper", Script("sleeper", "exec sleep 1000")));

  ASSERT_TRUE(
      keeper_->Signal({.container_id = "sleeper", .signal = SIGKILL}, Deadline::After(kLimit)));
  const auto exit = NextExit();

  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_FALSE(exit->oom_killed);
}

TEST_F(Containers, OverItsMemoryLimitIsOomKilled) {
  Spawn(Config());
  spec::Config config = Script("hog", "x=a; while true; do x=$x$x; done");
  config.linux.resources.memory.emplace().limit = 16 << 20;

  const auto exit = RunToEnd("hog", config);

  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
  EXPECT_TRUE(exit->oom_killed);
}

TEST_F(Containers, OutputIsInTheLogFormat) {
  Spawn(Config());

  ASSERT_TRUE(RunToEnd("talker", Script("talker", "echo out; echo err >&2; printf part")));

  const std::string log = LogOf("talker");
  EXPECT_THAT(log, ContainsRegex("20[0-9-]+T[0-9:]+\\.[0-9]{9}Z stdout F out\n"));
  EXPECT_THAT(log, HasSubstr("Z stderr F err\n"));
  EXPECT_THAT(log, HasSubstr("Z stdout F part\n"));
}

TEST_F(Containers, ShareNetworkIpcAndUtsButNotPidAndMounts) {
  Spawn(Config());
  const auto one = Start("one", Script("one", "exec sleep 1000"));
  const auto two = Start("two", Script("two", "exec sleep 1000"));
  ASSERT_TRUE(one) << one.error().ToString();
  ASSERT_TRUE(two) << two.error().ToString();

  for (const std::string_view ns : {"net", "ipc", "uts"})
    EXPECT_EQ(InodeOf(one->host_pid, ns), InodeOf(two->host_pid, ns)) << ns;
  for (const std::string_view ns : {"pid", "mnt"})
    EXPECT_NE(InodeOf(one->host_pid, ns), InodeOf(two->host_pid, ns)) << ns;
  EXPECT_EQ(InodeOf(one->host_pid, "net"), keeper_->info().net_inode);
  EXPECT_NE(InodeOf(one->host_pid, "net"), InodeOf(::getpid(), "net"));
  EXPECT_TRUE(keeper_->netns().valid());
}

TEST_F(Containers, ShareThePidNamespaceWhenThePodAsks) {
  keeper_client::KeeperConfig pod = Config();
  pod.share_process_namespace = true;
  Spawn(pod);
  spec::Config config = Script("one", "exec sleep 1000");
  config.linux.namespaces = {{.type = spec::NamespaceType::kMount, .path = {}}};
  const auto one = Start("one", config);
  config.linux.cgroups_path += "-two";
  const auto two = Start("two", config);
  ASSERT_TRUE(one) << one.error().ToString();
  ASSERT_TRUE(two) << two.error().ToString();

  EXPECT_EQ(InodeOf(one->host_pid, "pid"), InodeOf(two->host_pid, "pid"));
  EXPECT_EQ(InodeOf(one->host_pid, "pid"), keeper_->info().pid_inode);
  EXPECT_NE(InodeOf(one->host_pid, "pid"), InodeOf(::getpid(), "pid"));
}

TEST_F(Containers, MissingCommandIsNamedAndLeavesNothing) {
  Spawn(Config());
  spec::Config config = Script("bad", "");
  config.process->args = {"/bin/no-such-program"};

  const auto started = Start("bad", config);

  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message(), HasSubstr("/bin/no-such-program"));
  const auto list = keeper_->List(Deadline::After(kLimit));
  ASSERT_TRUE(list);
  EXPECT_TRUE(list->empty());
}

TEST_F(Containers, RemovedOneCanBeMadeAgain) {
  Spawn(Config());
  ASSERT_TRUE(RunToEnd("again", Script("again", "exit 0")));
  ASSERT_TRUE(keeper_->Remove("again", Deadline::After(kLimit)));

  const auto exit = RunToEnd("again", Script("again", "exit 3"));

  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->code, 3);
}

TEST_F(Containers, OutliveTheAgentAndTellTheNextOneHowTheyEnded) {
  Spawn(Config());
  const auto before = Start("sleeper", Script("sleeper", "exec sleep 1000"));
  ASSERT_TRUE(before) << before.error().ToString();
  const int keeper_pid = keeper_->info().host_pid;
  keeper_.reset();
  keepers_.reset();

  OpenKeepers();
  auto again = keepers_->Connect(uid_, RunDir(), Deadline::After(kLimit));
  ASSERT_TRUE(again) << again.error().ToString();
  keeper_ = std::move(*again);

  EXPECT_EQ(keeper_->info().host_pid, keeper_pid);
  const auto list = keeper_->List(Deadline::After(kLimit));
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->front().host_pid, before->host_pid);
  EXPECT_EQ(list->front().state, keeper_client::ContainerState::kRunning);
  ASSERT_TRUE(
      keeper_->Signal({.container_id = "sleeper", .signal = SIGKILL}, Deadline::After(kLimit)));
  const auto exit = NextExit();
  ASSERT_TRUE(exit);
  EXPECT_EQ(exit->signal, SIGKILL);
}

TEST_F(Containers, LogIsCutBySizeWithoutLosingALine) {
  keeper_client::KeeperConfig pod = Config();
  pod.log_rotation = {.max_bytes = 65536, .max_files = 8};
  Spawn(pod);

  ASSERT_TRUE(RunToEnd("chatty", Script("chatty", "busybox seq 1 5000")));

  std::string all;
  for (int number = 7; number >= 0; --number) {
    const auto text = ReadFile(*dir_ / StrCat("logs/chatty.log", number == 0 ? "" : ".",
                                              number == 0 ? "" : std::to_string(number)));
    if (text) all += *text;
  }
  int wanted = 0;
  for (const std::string_view line : Split(Trim(all), '\n'))
    ASSERT_TRUE(line.ends_with(StrCat(" stdout F ", ++wanted))) << line;
  EXPECT_EQ(wanted, 5000);
  EXPECT_EQ(::access((*dir_ / "logs/chatty.log.1").c_str(), F_OK), 0);
}

TEST_F(Containers, KeeperIsSmall) {
  Spawn(Config());
  ASSERT_TRUE(Start("one", Script("one", "exec sleep 1000")));
  ASSERT_TRUE(Start("two", Script("two", "exec sleep 1000")));

  // What it does not share with the others; the sanitizers' own books are larger.
#ifdef __SANITIZE_ADDRESS__
  constexpr std::int64_t kGoalKib = 200'000;
#else
  constexpr std::int64_t kGoalKib = 400;
#endif
  // Pages count as shared while a container's init has not become its program yet.
  const Deadline deadline = Deadline::After(kLimit);
  std::int64_t private_kib = PrivateDirtyKib(keeper_->info().host_pid);
  while (private_kib > kGoalKib && !deadline.passed())
    private_kib = PrivateDirtyKib(keeper_->info().host_pid);
  EXPECT_LE(private_kib, kGoalKib);
  EXPECT_GT(private_kib, 0);
}

TEST_F(Containers, PodThatCannotBeBornSaysWhy) {
  keeper_client::KeeperConfig pod = Config();
  pod.sysctls = {{"net.no.such.thing", "1"}};

  const auto spawned = keepers_->Spawn(pod, Deadline::After(kLimit));

  ASSERT_FALSE(spawned);
  EXPECT_THAT(spawned.error().message(), HasSubstr("sysctl \"net.no.such.thing\""));
}

}  // namespace
}  // namespace caisson::test
