// SPDX-License-Identifier: Apache-2.0
#include "agent/pods/decide.h"

#include <gmock/gmock.h>

#include "agent/pods/backoff.h"
#include "agent/pods/status.h"

namespace caisson::pods {
namespace {

using pod_spec::PodPhase;
using pod_spec::RestartPolicy;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const SteadyTime kNow = SteadyTime(std::chrono::hours(1));

ContainerRecord Waiting(std::string name, ContainerKind kind = ContainerKind::kRegular) {
  ContainerRecord record;
  record.name = std::move(name);
  record.kind = kind;
  return record;
}

ContainerRecord Running(std::string name, ContainerKind kind = ContainerKind::kRegular) {
  ContainerRecord record = Waiting(std::move(name), kind);
  record.phase = ContainerPhase::kRunning;
  record.container_id = "id";
  return record;
}

ContainerRecord Ended(std::string name, int code, ContainerKind kind = ContainerKind::kRegular) {
  ContainerRecord record = Running(std::move(name), kind);
  pod_spec::StateTerminated end;
  end.exit_code = code;
  End(record, std::move(end), BackoffRule{}, kNow);
  return record;
}

pod_spec::PodSpec Spec(RestartPolicy policy) {
  pod_spec::PodSpec spec;
  spec.restart_policy = policy;
  return spec;
}

Decision DecideFor(RestartPolicy policy, std::vector<ContainerRecord> records,
                   SteadyTime now = kNow) {
  return Decide(Spec(policy), records, now);
}

TEST(Decide, AllRegularContainersStartTogether) {
  const Decision decision = DecideFor(RestartPolicy::kAlways, {Waiting("a"), Waiting("b")});

  EXPECT_THAT(decision.start, ElementsAre(0, 1));
  EXPECT_FALSE(decision.finished);
}

TEST(Decide, InitContainersGoOneByOneBeforeTheOthers) {
  const auto init = ContainerKind::kInit;

  EXPECT_THAT(
      DecideFor(RestartPolicy::kAlways, {Waiting("i", init), Waiting("j", init), Waiting("a")})
          .start,
      ElementsAre(0));
  EXPECT_THAT(
      DecideFor(RestartPolicy::kAlways, {Running("i", init), Waiting("j", init), Waiting("a")})
          .start,
      IsEmpty());
  EXPECT_THAT(
      DecideFor(RestartPolicy::kAlways, {Ended("i", 0, init), Waiting("j", init), Waiting("a")})
          .start,
      ElementsAre(1));
  EXPECT_THAT(
      DecideFor(RestartPolicy::kAlways, {Ended("i", 0, init), Ended("j", 0, init), Waiting("a")})
          .start,
      ElementsAre(2));
}

TEST(Decide, SidecarHoldsUpOnlyUntilItHasStarted) {
  const auto sidecar = ContainerKind::kSidecar;

  EXPECT_THAT(DecideFor(RestartPolicy::kNever, {Waiting("s", sidecar), Waiting("a")}).start,
              ElementsAre(0));
  EXPECT_THAT(DecideFor(RestartPolicy::kNever, {Running("s", sidecar), Waiting("a")}).start,
              ElementsAre(1));
}

TEST(Decide, SidecarRestartsWhateverThePolicy) {
  const Decision decision =
      DecideFor(RestartPolicy::kNever, {Ended("s", 0, ContainerKind::kSidecar), Running("a")});

  EXPECT_THAT(decision.start, ElementsAre(0));
}

TEST(Decide, PolicySaysWhoStartsAgain) {
  struct Case {
    RestartPolicy policy;
    int code;
    bool again;
  };
  for (const Case& c : {Case{RestartPolicy::kAlways, 0, true},
                        {RestartPolicy::kAlways, 1, true},
                        {RestartPolicy::kOnFailure, 0, false},
                        {RestartPolicy::kOnFailure, 1, true},
                        {RestartPolicy::kNever, 0, false},
                        {RestartPolicy::kNever, 1, false}}) {
    SCOPED_TRACE(StrCat(static_cast<int>(c.policy), " ", c.code));
    const Decision decision = DecideFor(c.policy, {Ended("a", c.code), Running("b")});
    EXPECT_EQ(!decision.start.empty(), c.again);
    EXPECT_FALSE(decision.finished);
  }
}

TEST(Decide, PodEndsWithItsContainers) {
  EXPECT_EQ(DecideFor(RestartPolicy::kNever, {Ended("a", 0), Ended("b", 0)}).finished,
            PodPhase::kSucceeded);
  EXPECT_EQ(DecideFor(RestartPolicy::kNever, {Ended("a", 0), Ended("b", 3)}).finished,
            PodPhase::kFailed);
  EXPECT_EQ(DecideFor(RestartPolicy::kOnFailure, {Ended("a", 0)}).finished, PodPhase::kSucceeded);
  EXPECT_FALSE(DecideFor(RestartPolicy::kAlways, {Ended("a", 0)}).finished);
}

TEST(Decide, FailedInitContainerFailsAPodThatNeverRestarts) {
  const auto init = ContainerKind::kInit;

  EXPECT_EQ(DecideFor(RestartPolicy::kNever, {Ended("i", 1, init), Waiting("a")}).finished,
            PodPhase::kFailed);
  EXPECT_THAT(DecideFor(RestartPolicy::kAlways, {Ended("i", 1, init), Waiting("a")}).start,
              ElementsAre(0));
}

TEST(Decide, BackoffIsWaitedFor) {
  ContainerRecord record = Ended("a", 1);
  End(record, {}, BackoffRule{}, kNow);

  const Decision early = DecideFor(RestartPolicy::kAlways, {record});
  const Decision later =
      DecideFor(RestartPolicy::kAlways, {record}, kNow + std::chrono::seconds(10));

  EXPECT_THAT(early.start, IsEmpty());
  EXPECT_EQ(early.wake, kNow + std::chrono::seconds(10));
  EXPECT_THAT(later.start, ElementsAre(0));
}

TEST(Backoff, FirstAtOnceThenDoublesUpToTheLimit) {
  const BackoffRule rule;
  Backoff backoff;
  std::vector<std::int64_t> seconds;
  for (int i = 0; i < 8; ++i) {
    (void)backoff.Fail(rule, kNow, std::chrono::seconds(1));
    seconds.push_back(backoff.delay().count() / 1000);
  }

  EXPECT_THAT(seconds, ElementsAre(0, 10, 20, 40, 80, 160, 300, 300));
}

TEST(Backoff, LongRunBeginsAnew) {
  const BackoffRule rule;
  Backoff backoff;
  for (int i = 0; i < 4; ++i) (void)backoff.Fail(rule, kNow, std::chrono::seconds(1));

  (void)backoff.Fail(rule, kNow, std::chrono::minutes(10));

  EXPECT_EQ(backoff.delay().count(), 0);
}

pod_spec::Pod SomePod(RestartPolicy policy) {
  pod_spec::Pod pod;
  pod.metadata.name = "web";
  pod.metadata.namespace_ = "default";
  pod.metadata.uid = "u";
  pod.spec = Spec(policy);
  return pod;
}

TEST(MakeStatus, RunningPodIsReady) {
  const std::vector<ContainerRecord> records = {Running("a")};

  const auto status = MakeStatus(SomePod(RestartPolicy::kAlways), records, {}, {}, kNow);

  EXPECT_EQ(status.phase, PodPhase::kRunning);
  ASSERT_EQ(status.conditions.size(), 4U);
  for (const auto& condition : status.conditions) EXPECT_EQ(condition.status, "True");
  EXPECT_EQ(status.container_statuses[0].container_id, "caisson://id");
  EXPECT_TRUE(status.container_statuses[0].ready);
}

TEST(MakeStatus, CrashingContainerWaitsAndShowsItsLastEnd) {
  std::vector<ContainerRecord> records = {Ended("a", 1)};
  End(records[0], ToTerminated({.container_id = "id", .code = 2}, "why"), BackoffRule{}, kNow);

  const auto status = MakeStatus(SomePod(RestartPolicy::kAlways), records, {}, {}, kNow);

  const auto& waiting = std::get<pod_spec::StateWaiting>(status.container_statuses[0].state);
  EXPECT_EQ(waiting.reason, "CrashLoopBackOff");
  EXPECT_EQ(waiting.message, "back-off 10s restarting failed container=a pod=web_default(u)");
  const auto& last = std::get<pod_spec::StateTerminated>(status.container_statuses[0].last_state);
  EXPECT_EQ(last.exit_code, 2);
  EXPECT_EQ(last.message, "why");
  EXPECT_EQ(status.phase, PodPhase::kRunning);
}

TEST(MakeStatus, ImageThatCannotBeHadIsAnErrorThenABackOff) {
  std::vector<ContainerRecord> records = {Waiting("a")};
  records[0].image = "x:1";
  records[0].failure = StartFailure{"ErrImagePull", "not here"};

  const auto pod = SomePod(RestartPolicy::kAlways);
  const auto failed = MakeStatus(pod, records, {}, {}, kNow);
  (void)records[0].backoff.Fail(BackoffRule{}, kNow, {}, false);
  const auto waits = MakeStatus(pod, records, {}, {}, kNow);

  const auto reason = [](const pod_spec::PodStatus& status) {
    return std::get<pod_spec::StateWaiting>(status.container_statuses[0].state);
  };
  EXPECT_EQ(reason(failed).reason, "ErrImagePull");
  EXPECT_EQ(reason(waits).reason, "ImagePullBackOff");
  EXPECT_THAT(reason(waits).message, HasSubstr("Back-off pulling image \"x:1\": not here"));
  EXPECT_EQ(waits.phase, PodPhase::kPending);
}

TEST(MakeStatus, ConditionKeepsItsTimeWhileItDoesNotChange) {
  const std::vector<ContainerRecord> records = {Running("a")};
  const auto pod = SomePod(RestartPolicy::kAlways);
  auto before = MakeStatus(pod, records, {}, {}, kNow);
  const pod_spec::Time long_ago{std::chrono::seconds(1000)};
  for (auto& condition : before.conditions) condition.last_transition_time = long_ago;
  before.conditions[1].status = "False";

  const auto after = MakeStatus(pod, records, {}, before, kNow);

  EXPECT_EQ(after.conditions[0].last_transition_time, long_ago);
  EXPECT_NE(after.conditions[1].last_transition_time, long_ago);
}

TEST(ToTerminated, NamesTheReason) {
  EXPECT_EQ(ToTerminated({.code = 0}, "").reason, "Completed");
  EXPECT_EQ(ToTerminated({.code = 3}, "").reason, "Error");
  const auto killed = ToTerminated({.signal = 9, .oom_killed = true}, "");
  EXPECT_EQ(killed.reason, "OOMKilled");
  EXPECT_EQ(killed.exit_code, 137);
}

TEST(MakeRecords, TakeUpWhatTheStatusSays) {
  pod_spec::PodSpec spec = Spec(RestartPolicy::kNever);
  spec.containers.resize(2);
  spec.containers[0].name = "done";
  spec.containers[1].name = "runs";
  pod_spec::PodStatus status;
  pod_spec::StateTerminated end;
  end.exit_code = 5;
  status.container_statuses = {
      {.name = "done", .state = end, .restart_count = 2, .container_id = "caisson://x"},
      {.name = "runs", .state = pod_spec::StateRunning{}, .container_id = "caisson://y"}};

  const auto records = MakeRecords(spec, status);

  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[0].phase, ContainerPhase::kEnded);
  EXPECT_EQ(records[0].end->exit_code, 5);
  EXPECT_EQ(records[0].container_id, "x");
  EXPECT_EQ(records[0].attempt, 2U);
  EXPECT_EQ(records[1].phase, ContainerPhase::kRunning);
}

}  // namespace
}  // namespace caisson::pods
