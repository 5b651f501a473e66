// SPDX-License-Identifier: Apache-2.0
#include "runtime/launch/launch_plan.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>

#include "runtime/launch/phases_child.h"

namespace caisson::launch {
namespace {

using spec::NamespaceType;
using sync::Phase;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

sync::Message Failure(Phase phase, std::uint32_t item, int sys_errno) {
  sync::Message message;
  message.type = sync::Type::kFailed;
  message.phase = phase;
  message.item = item;
  message.sys_errno = sys_errno;
  return message;
}

// A configuration without a mount namespace, so that no file system is looked at.
class InitPlan : public ::testing::Test {
 protected:
  InitPlan() {
    config_.oci_version = "1.3.0";
    config_.root.emplace().path = "/";
    config_.process.emplace();
    config_.process->args = {"/bin/program"};
    config_.process->cwd = "/";
    Add(NamespaceType::kPid);
  }
  void Add(NamespaceType type) { config_.linux.namespaces.push_back({.type = type}); }
  std::unique_ptr<LaunchPlan> Plan(Descriptors descriptors = {}) {
    InitRequest request;
    request.config = &config_;
    request.id = "web";
    request.works_while_placed = true;
    request.process.process = &*config_.process;
    request.process.linux = &config_.linux;
    request.descriptors = std::move(descriptors);
    auto plan = LaunchPlan::ForInit(std::move(request));
    EXPECT_TRUE(plan) << plan.error().message();
    return plan ? std::move(plan).value() : nullptr;
  }

  spec::Config config_;
};

TEST_F(InitPlan, TheCgroupNamespaceIsUnsharedAfterTheJoinAndNotCloned) {
  Add(NamespaceType::kCgroup);
  Add(NamespaceType::kUts);

  const auto plan = Plan();

  EXPECT_EQ(plan->namespaces().create_flags, std::uint64_t{CLONE_NEWPID | CLONE_NEWUTS});
  EXPECT_TRUE(plan->view().unshare_cgroup);
}

TEST_F(InitPlan, InitWorksWhileItIsPlacedUnlessItNeedsWhatTheParentDoes) {
  EXPECT_TRUE(Plan()->view().waits_late);

  config_.hooks.create_runtime.push_back({.path = "/bin/hook"});
  EXPECT_FALSE(Plan()->view().waits_late);
  config_.hooks = {};
  Add(NamespaceType::kCgroup);
  EXPECT_FALSE(Plan()->view().waits_late);
}

TEST_F(InitPlan, AUserNamespaceHasItsMapAndLimitsSetByTheParent) {
  Add(NamespaceType::kUser);
  Add(NamespaceType::kMount);
  config_.linux.uid_mappings = {{.container_id = 0, .host_id = 100000, .size = 65536}};
  config_.linux.gid_mappings = config_.linux.uid_mappings;
  config_.process->rlimits = {{.type = "RLIMIT_NOFILE", .hard = 64, .soft = 64}};

  const auto plan = Plan();

  ASSERT_TRUE(plan->id_map());
  EXPECT_TRUE(plan->view().in_user_namespace);
  EXPECT_FALSE(plan->view().waits_late);
  EXPECT_EQ(plan->view().rlimit_count, 0U);
  EXPECT_EQ(plan->process().rlimits().size(), 1U);
}

TEST_F(InitPlan, SourcesThatStandWhereTargetsComeAreMovedAboveThem) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd reader(ends[0]);
  const UniqueFd writer(ends[1]);
  Descriptors descriptors;
  descriptors.stdio[0] = 2;  // crosswise
  descriptors.stdio[2] = 0;
  descriptors.extra = {writer.get(), reader.get()};

  const auto plan = Plan(std::move(descriptors));

  const InitView& view = plan->view();
  EXPECT_EQ(view.preserved, 2U);
  EXPECT_GE(view.stdio[0], 5);
  EXPECT_EQ(view.stdio[1], 1);
  EXPECT_GE(view.stdio[2], 5);
  ASSERT_EQ(view.extra_count, 2U);
  EXPECT_GE(view.extra_fds[0], 5);
  EXPECT_GE(view.extra_fds[1], 5);
}

TEST_F(InitPlan, UnknownCapabilitiesAreWarnings) {
  config_.process->capabilities.emplace().bounding = {"CAP_FLY"};

  EXPECT_THAT(Plan()->warnings(), ElementsAre("ignoring unknown capability \"CAP_FLY\""));
}

TEST_F(InitPlan, FailuresBecomeSentences) {
  config_.hostname = "name";
  const auto plan = Plan();

  EXPECT_THAT(plan->Explain(Failure(Phase::kSystem, 0, EPERM)).message(),
              "sethostname \"name\": Operation not permitted (EPERM)");
  EXPECT_THAT(plan->Explain(Failure(Phase::kResolve, 0, ENOENT)).message(),
              HasSubstr("exec: \"/bin/program\": stat /bin/program: no such file or directory"));
  EXPECT_THAT(plan->Explain(Failure(Phase::kDescriptors, 4, EBADF)).message(),
              "place descriptor \"4\": Bad file descriptor (EBADF)");
  EXPECT_THAT(plan->Explain(Failure(Phase::kSession, 3, EPERM)).message(),
              "unshare \"cgroup namespace\": Operation not permitted (EPERM)");
  EXPECT_THAT(plan->Explain(Failure(Phase::kIdentity, 1, EINVAL)).hint(),
              HasSubstr("map container id 0"));
  EXPECT_EQ(plan->Explain(Failure(Phase::kResolve, 0, ENOENT)).code(), Code::kNotFound);
}

TEST_F(InitPlan, AFailureOfStage1NamesTheStep) {
  const auto plan = Plan();

  EXPECT_THAT(plan->Explain(Failure(Phase::kStage1, kStage1Clone, EAGAIN)).message(),
              HasSubstr("clone3 \"container init\""));
  EXPECT_THAT(plan->Explain(Failure(Phase::kStage1, kStage1Time, EINVAL)).message(),
              HasSubstr("linux.timeOffsets"));
}

class ExecPlan : public ::testing::Test {
 protected:
  std::unique_ptr<LaunchPlan> Plan(std::uint64_t join_flags) {
    process_.args = {"/bin/program"};
    process_.cwd = "/";
    ExecRequest request;
    request.process.process = &process_;
    request.process.linux = &linux_;
    request.id = "web";
    request.init_pidfd = 77;
    request.join_flags = join_flags;
    auto plan = LaunchPlan::ForExec(request);
    EXPECT_TRUE(plan) << plan.error().message();
    return plan ? std::move(plan).value() : nullptr;
  }
  spec::Process process_;
  spec::Linux linux_;
};

TEST_F(ExecPlan, AllNamespacesButPidAreEnteredAtOnce) {
  const auto plan = Plan(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET);

  ASSERT_EQ(plan->view().join_count, 1U);
  EXPECT_EQ(plan->view().joins[0].clone_flag, CLONE_NEWNS | CLONE_NEWNET);
  EXPECT_EQ(plan->view().joins[0].fd, 77);
  ASSERT_TRUE(plan->namespaces().pid_detour);
  EXPECT_EQ(plan->namespaces().pid_detour->clone_flag, CLONE_NEWPID);
  EXPECT_FALSE(plan->namespaces().needs_stage1);
}

TEST_F(ExecPlan, AUserNamespaceIsEnteredByStage1BeforeThePidNamespace) {
  const auto plan = Plan(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS);

  EXPECT_TRUE(plan->namespaces().needs_stage1);
  EXPECT_FALSE(plan->namespaces().pid_detour);
  EXPECT_EQ(plan->view().join_count, 0U);
  ASSERT_EQ(plan->namespaces().joins.size(), 1U);
  EXPECT_EQ(plan->namespaces().joins[0].clone_flag, CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS);
}

TEST_F(ExecPlan, NothingToJoinIsNothing) {
  const auto plan = Plan(0);

  EXPECT_EQ(plan->view().join_count, 0U);
  EXPECT_FALSE(plan->namespaces().pid_detour);
}

}  // namespace
}  // namespace caisson::launch
