// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/namespaces.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "tests/support/in_child.h"
#include "tests/support/need.h"

namespace caisson::process {
namespace {

using spec::NamespaceType;
using test::InChild;
using test::Need;

spec::Linux With(std::vector<spec::Namespace> namespaces) {
  spec::Linux linux_config;
  linux_config.namespaces = std::move(namespaces);
  return linux_config;
}

std::string Sentence(const spec::Linux& linux_config) {
  const auto plan = PlanNamespaces(linux_config);
  return plan ? "no error" : plan.error().message();
}

ino_t InodeOf(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_ino : 0;
}

// A process that sits in new namespaces until the test is over.
class Holder {
 public:
  explicit Holder(int flags) {
    int ready[2];
    EXPECT_EQ(::pipe2(ready, O_CLOEXEC), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      const bool made = ::unshare(flags) == 0;
      if (::write(ready[1], made ? "y" : "n", 1) == 1) ::pause();
      ::_exit(0);
    }
    char answer = 'n';
    EXPECT_EQ(::read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y') << "unshare";
    ::close(ready[0]);
    ::close(ready[1]);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  std::string Path(std::string_view name) const { return StrCat("/proc/", pid_, "/ns/", name); }

 private:
  pid_t pid_ = -1;
};

TEST(PlanNamespaces, NewOnesBecomeCloneFlags) {
  const auto plan = PlanNamespaces(With({{NamespaceType::kPid, ""},
                                         {NamespaceType::kMount, ""},
                                         {NamespaceType::kNetwork, ""},
                                         {NamespaceType::kTime, ""}}));

  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(plan->create_flags,
            std::uint64_t{CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWTIME});
  EXPECT_TRUE(plan->joins.empty());
  EXPECT_FALSE(plan->needs_stage1);
  EXPECT_TRUE(plan->Creates(NamespaceType::kPid));
  EXPECT_FALSE(plan->Creates(NamespaceType::kIpc));
  EXPECT_EQ(plan->private_flags(), plan->create_flags);
}

TEST(PlanNamespaces, NewUserNamespaceAloneNeedsNoStage1) {
  const auto plan = PlanNamespaces(With({{NamespaceType::kUser, ""}, {NamespaceType::kPid, ""}}));

  ASSERT_TRUE(plan);
  EXPECT_FALSE(plan->needs_stage1);
}

TEST(PlanNamespaces, OffsetsMakeTimeAMatterOfStage1) {
  spec::Linux linux_config = With({{NamespaceType::kTime, ""}});
  linux_config.time_offsets = {{.clock = "monotonic", .secs = -5, .nanosecs = 7},
                               {.clock = "boottime", .secs = 3600, .nanosecs = 0}};

  const auto plan = PlanNamespaces(linux_config);

  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_TRUE(plan->needs_stage1);
  EXPECT_EQ(plan->create_flags, 0u);
  EXPECT_TRUE(plan->Creates(NamespaceType::kTime));
  EXPECT_EQ(plan->time_offsets, "monotonic -5 7\nboottime 3600 0\n");
}

TEST(PlanNamespaces, MistakesNameTheEntry) {
  EXPECT_EQ(Sentence(With({{NamespaceType::kPid, ""}, {NamespaceType::kPid, ""}})),
            "linux.namespaces[1]: pid namespace \"\": given twice");
  EXPECT_EQ(Sentence(With({{NamespaceType::kNetwork, "/dev/null"}})),
            "linux.namespaces[0]: network namespace \"/dev/null\": not a namespace");
  EXPECT_EQ(Sentence(With({{NamespaceType::kNetwork, "/proc/self/ns/uts"}})),
            "linux.namespaces[0]: network namespace \"/proc/self/ns/uts\": a namespace of another "
            "type");
  EXPECT_EQ(Sentence(With({{NamespaceType::kNetwork, "/nowhere"}})),
            "linux.namespaces[0].path: open \"/nowhere\": No such file or directory (ENOENT)");
  spec::Linux linux_config = With({});
  linux_config.time_offsets = {{.clock = "boottime", .secs = 1}};
  EXPECT_EQ(Sentence(linux_config), "linux.timeOffsets: need a new time namespace");
}

TEST(PlanNamespaces, FifoInPlaceOfANamespaceDoesNotHang) {
  const std::string path = StrCat("/tmp/caisson-ns-fifo-", ::getpid());
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(Sentence(With({{NamespaceType::kIpc, path}})),
            StrCat("linux.namespaces[0]: ipc namespace \"", path, "\": not a namespace"));
  ::unlink(path.c_str());
}

TEST(PlanNamespaces, OwnNamespaceIsNeitherMadeNorEnteredNorPrivate) {
  const auto plan = PlanNamespaces(With({{NamespaceType::kNetwork, "/proc/self/ns/net"}}));

  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_TRUE(plan->joins.empty());
  EXPECT_EQ(plan->private_flags(), 0u);
}

TEST(PlanNamespaces, PodStyleJoinsComeInOrderWithoutStage1) {
  CAISSON_REQUIRE(Need::kRoot, Need::kNetNs);
  const Holder pod(CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
  const auto plan = PlanNamespaces(With({{NamespaceType::kNetwork, pod.Path("net")},
                                         {NamespaceType::kUts, pod.Path("uts")},
                                         {NamespaceType::kIpc, pod.Path("ipc")},
                                         {NamespaceType::kPid, ""},
                                         {NamespaceType::kMount, ""}}));
  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_FALSE(plan->needs_stage1);
  ASSERT_EQ(plan->joins.size(), 3u);
  EXPECT_EQ(plan->joins[0].clone_flag, CLONE_NEWIPC);
  EXPECT_EQ(plan->joins[1].clone_flag, CLONE_NEWUTS);
  EXPECT_EQ(plan->joins[2].clone_flag, CLONE_NEWNET);

  const auto child = InChild([&]() -> std::string {
    if (!JoinNamespaces(plan->joins.data(), plan->joins.size()).ok()) return "join";
    for (const char* name : {"net", "ipc", "uts"}) {
      if (InodeOf(StrCat("/proc/self/ns/", name)) != InodeOf(pod.Path(name))) return name;
    }
    return "";
  });
  EXPECT_EQ(child.said, "");
}

TEST(PlanNamespaces, GivenDescriptorStandsInForTheEntry) {
  CAISSON_REQUIRE(Need::kRoot, Need::kNetNs);
  const Holder pod(CLONE_NEWNET);
  auto fd = OpenAt(kCwd, pod.Path("net"), O_RDONLY);
  ASSERT_TRUE(fd);

  const auto plan =
      PlanNamespaces(With({{NamespaceType::kNetwork, ""}}), {{NamespaceType::kNetwork, fd->get()}});

  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_EQ(plan->create_flags, 0u);
  ASSERT_EQ(plan->joins.size(), 1u);
  EXPECT_NE(plan->joins[0].fd, fd->get());
}

TEST(PlanNamespaces, UserNamespaceToEnterAsksForStage1First) {
  CAISSON_REQUIRE(Need::kRoot, Need::kUserNs);
  const Holder pod(CLONE_NEWUSER | CLONE_NEWNET);
  const auto plan = PlanNamespaces(
      With({{NamespaceType::kNetwork, pod.Path("net")}, {NamespaceType::kUser, pod.Path("user")}}));

  ASSERT_TRUE(plan) << plan.error().message();
  EXPECT_TRUE(plan->needs_stage1);
  EXPECT_EQ(plan->joins.at(0).clone_flag, CLONE_NEWUSER);
}

// The host's network is entered with the host's rights, the pod's ipc with those in its user
// namespace.
TEST(PlanNamespaces, AUserNamespaceStandsBetweenWhatItDoesNotOwnAndWhatItDoes) {
  CAISSON_REQUIRE(Need::kRoot, Need::kUserNs, Need::kNetNs);
  const Holder host(CLONE_NEWNET);
  const Holder pod(CLONE_NEWUSER | CLONE_NEWIPC | CLONE_NEWUTS);

  const auto plan = PlanNamespaces(With({{NamespaceType::kUser, pod.Path("user")},
                                         {NamespaceType::kIpc, pod.Path("ipc")},
                                         {NamespaceType::kNetwork, host.Path("net")},
                                         {NamespaceType::kUts, pod.Path("uts")}}));

  ASSERT_TRUE(plan) << plan.error().message();
  std::vector<int> flags;
  for (const NamespaceJoin& join : plan->joins) flags.push_back(join.clone_flag);
  EXPECT_THAT(flags,
              ::testing::ElementsAre(CLONE_NEWNET, CLONE_NEWUSER, CLONE_NEWIPC, CLONE_NEWUTS));
  EXPECT_EQ(plan->paths.at(0), host.Path("net"));
  EXPECT_EQ(plan->paths.at(1), pod.Path("user"));
  EXPECT_EQ(plan->owned.at(1).get(), plan->joins.at(1).fd);
}

TEST(PlanNamespaces, EnteringBesideANewUserNamespaceAsksForStage1) {
  CAISSON_REQUIRE(Need::kRoot, Need::kNetNs);
  const Holder pod(CLONE_NEWNET);
  const auto plan = PlanNamespaces(
      With({{NamespaceType::kUser, ""}, {NamespaceType::kNetwork, pod.Path("net")}}));

  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->needs_stage1);
}

TEST(PidNamespaceDetour, ChildIsBornInsideAndLaterOnesAreNot) {
  CAISSON_REQUIRE(Need::kRoot);
  const auto child = InChild([]() -> std::string {
    // A pid namespace whose init waits, made by a grandchild.
    if (::unshare(CLONE_NEWPID) != 0) return "unshare";
    const pid_t init = ::fork();
    if (init == 0) {
      ::pause();
      ::_exit(0);
    }
    UniqueFd own(::open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC));
    if (::setns(own.get(), CLONE_NEWPID) != 0) return "setns";
    const auto plan =
        PlanNamespaces(With({{NamespaceType::kPid, StrCat("/proc/", init, "/ns/pid")}}));
    if (!plan || !plan->pid_detour || !plan->joins.empty()) return "plan";
    pid_t inside = -1;
    pid_t outside = -1;
    const auto born = [](pid_t& pid) {
      pid = ::fork();
      if (pid == 0) ::_exit(::getpid() < 10 ? 1 : 0);
      int status = 0;
      ::waitpid(pid, &status, 0);
      return WEXITSTATUS(status);
    };
    std::string result;
    {
      const auto detour = PidNamespaceDetour::Enter(*plan->pid_detour);
      if (!detour) return detour.error().message();
      result = StrCat(born(inside));
    }
    result += StrCat(born(outside));
    ::kill(init, SIGKILL);
    ::waitpid(init, nullptr, 0);
    return result;
  });

  EXPECT_EQ(child.said, "10");
}

TEST(UnshareTime, WhatIsClonedNextHasTheOffset) {
  CAISSON_REQUIRE(Need::kRoot);
  const auto child = InChild([]() -> std::string {
    const UniqueFd proc(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const std::string offsets = TimeOffsetsText({{.clock = "boottime", .secs = 1000000}});
    const int clocks = OpenTimeOffsets(proc.get());
    if (clocks < 0) return StrCat("open ", -clocks);
    if (const int err = UnshareTime(clocks, offsets.data(), offsets.size()); err != 0)
      return StrCat("unshare ", err);
    timespec before{};
    ::clock_gettime(CLOCK_BOOTTIME, &before);
    const pid_t inside = ::fork();
    if (inside == 0) {
      timespec now{};
      ::clock_gettime(CLOCK_BOOTTIME, &now);
      ::_exit(now.tv_sec - before.tv_sec >= 1000000 ? 7 : 8);
    }
    int status = 0;
    ::waitpid(inside, &status, 0);
    return StrCat(WEXITSTATUS(status));
  });

  EXPECT_EQ(child.said, "7");
}

TEST(NamespacePlan, FailureToEnterNamesThePath) {
  NamespacePlan plan;
  plan.paths = {"/run/netns/a"};
  EXPECT_EQ(plan.Explain({EPERM, 0}).message(),
            "linux.namespaces: setns \"/run/netns/a\": Operation not permitted (EPERM)");
}

}  // namespace
}  // namespace caisson::process
