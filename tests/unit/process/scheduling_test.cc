// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/scheduling.h"

#include <gmock/gmock.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/in_child.h"

namespace caisson::process {
namespace {

using test::InChild;

std::string Sentence(const spec::Process& process, const spec::Linux& linux_config = {}) {
  const auto plan = PlanScheduling(process, linux_config);
  return plan ? "no error" : plan.error().message();
}

spec::Process Scheduled(spec::Scheduler scheduler) {
  spec::Process process;
  process.scheduler = std::move(scheduler);
  return process;
}

TEST(ParseCpuList, TakesNumbersAndRanges) {
  const auto set = ParseCpuList("0-2, 7,,64");

  ASSERT_TRUE(set) << set.error().message();
  EXPECT_EQ(set->words[0], 0b1000'0111u);
  EXPECT_TRUE(set->Has(64));
  EXPECT_FALSE(set->Has(63));
  EXPECT_EQ(set->bytes, 16u);
}

TEST(MaskText, IsThatOfTaskset) {
  EXPECT_EQ(MaskText(*ParseCpuList("1")), "0x2");
  EXPECT_EQ(MaskText(*ParseCpuList("0-3")), "0xf");
  EXPECT_EQ(MaskText(*ParseCpuList("0,64")), "0x10000000000000001");
  EXPECT_EQ(MaskText(CpuSet()), "0x0");
}

TEST(ParseCpuList, QuotesThePartThatIsWrong) {
  const auto sentence = [](const char* list) {
    const auto set = ParseCpuList(list);
    return set ? "no error" : set.error().message();
  };
  EXPECT_EQ(sentence(""), "\"\" names none");
  EXPECT_EQ(sentence(" , "), "\" , \" names none");
  EXPECT_EQ(sentence("1,x"), "\"x\" is not a number or a range");
  EXPECT_EQ(sentence("-1"), "\"-1\" is not a number or a range");
  EXPECT_EQ(sentence("1-"), "\"1-\" is not a number or a range");
  EXPECT_EQ(sentence("1-2-3"), "\"1-2-3\" is not a number or a range");
  EXPECT_EQ(sentence("3-1"), "\"3-1\" ends before it begins");
  EXPECT_EQ(sentence("8192"), "\"8192\" is above 8191");
  EXPECT_EQ(sentence("0-99999999999999999999"),
            "\"0-99999999999999999999\" is not a number or a range");
  EXPECT_EQ(sentence("8191"), "no error");
}

TEST(PlanScheduling, NothingAskedForIsEmpty) {
  const auto plan = PlanScheduling({}, {});
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->empty());
}

TEST(PlanScheduling, MistakesNameTheMember) {
  EXPECT_EQ(Sentence(Scheduled({.policy = "SCHED_BEST"})),
            "process.scheduler.policy: \"SCHED_BEST\" is unknown");
  EXPECT_EQ(Sentence(Scheduled({.policy = "SCHED_OTHER", .flags = {"SCHED_FLAG_X"}})),
            "process.scheduler.flags: \"SCHED_FLAG_X\" is unknown");
  EXPECT_EQ(Sentence(Scheduled({.policy = "SCHED_OTHER", .nice = 20})),
            "process.scheduler.nice: 20 is not between -20 and 19");
  EXPECT_EQ(Sentence(Scheduled({.policy = "SCHED_OTHER", .priority = 1})),
            "process.scheduler.priority: is only for SCHED_FIFO and SCHED_RR");
  EXPECT_EQ(Sentence(Scheduled({.policy = "SCHED_RR", .priority = 100})),
            "process.scheduler.priority: 100 is not between 0 and 99");
  EXPECT_EQ(Sentence(Scheduled({.policy = "SCHED_FIFO", .deadline_ns = 1})),
            "process.scheduler: runtime, deadline and period are only for SCHED_DEADLINE");
  spec::Process process;
  process.io_priority = {"IOPRIO_CLASS_BE", 8};
  EXPECT_EQ(Sentence(process), "process.ioPriority.priority: 8 is not between 0 and 7");
  spec::Linux linux_config;
  linux_config.memory_policy = {.mode = "MPOL_BIND", .nodes = "0,a"};
  EXPECT_EQ(Sentence({}, linux_config),
            "linux.memoryPolicy.nodes: \"a\" is not a number or a range");
  linux_config = {};
  linux_config.personality = {.domain = "PLAN9", .flags = {}};
  EXPECT_EQ(Sentence({}, linux_config), "linux.personality.domain: \"PLAN9\" is unknown");
  linux_config.personality = {.domain = "LINUX", .flags = {"ADDR_NO_RANDOMIZE"}};
  EXPECT_EQ(Sentence({}, linux_config), "linux.personality.flags: no flag is supported");
}

TEST(ApplyScheduling, ProcessHasPolicyNiceAndIoPriority) {
  spec::Process process = Scheduled({.policy = "SCHED_BATCH", .nice = 5});
  process.io_priority = {"IOPRIO_CLASS_BE", 6};
  const auto plan = PlanScheduling(process, {});
  ASSERT_TRUE(plan) << plan.error().message();

  const auto child = InChild([&]() -> std::string {
    const StepFailure failure = ApplyScheduling(*plan);
    if (!failure.ok()) return ExplainScheduling(*plan, failure).message();
    return StrCat(::sched_getscheduler(0), " ", ::getpriority(PRIO_PROCESS, 0), " ",
                  ::syscall(SYS_ioprio_get, 1, 0));
  });

  EXPECT_EQ(child.said, StrCat(SCHED_BATCH, " 5 ", (2 << 13) | 6));
}

TEST(ApplyScheduling, MemoryPolicyAndPersonalityReachTheKernel) {
  spec::Linux linux_config;
  linux_config.memory_policy = {
      .mode = "MPOL_BIND", .nodes = "0", .flags = {"MPOL_F_STATIC_NODES"}};
  linux_config.personality = {.domain = "LINUX32", .flags = {}};
  const auto plan = PlanScheduling({}, linux_config);
  ASSERT_TRUE(plan) << plan.error().message();

  const auto child = InChild([&]() -> std::string {
    const StepFailure failure = ApplyScheduling(*plan);
    if (!failure.ok()) return ExplainScheduling(*plan, failure).message();
    int mode = -1;
    if (::syscall(SYS_get_mempolicy, &mode, nullptr, 0, nullptr, 0) != 0) return "get_mempolicy";
    return StrCat(mode, " ", ::personality(0xffffffff));
  });

  if (child.said.find("ENOSYS") != std::string::npos) GTEST_SKIP() << "no NUMA in this kernel";
  EXPECT_EQ(child.said, StrCat(MPOL_BIND | MPOL_F_STATIC_NODES, " ", int{PER_LINUX32}));
}

TEST(ApplyScheduling, NodesThatAreNotThereHaveARemedy) {
  SchedulingPlan plan;
  plan.memory_mode = MPOL_BIND;
  EXPECT_EQ(
      ExplainScheduling(plan, {EINVAL, static_cast<std::size_t>(SchedulingStep::kMemoryPolicy)})
          .ToString(),
      "linux.memoryPolicy: set_mempolicy \"mode 2\": Invalid argument (EINVAL) (try: name "
      "memory nodes that exist and that the cpuset allows)");
}

TEST(PlanExecAffinity, BothListsAndTheirMistakes) {
  spec::Process process;
  process.exec_cpu_affinity = {.initial = "0", .final = "0-1"};
  const auto affinity = PlanExecAffinity(process);
  ASSERT_TRUE(affinity);
  EXPECT_EQ(affinity->initial.words[0], 1u);
  EXPECT_EQ(affinity->final.words[0], 3u);

  process.exec_cpu_affinity->final = "a";
  EXPECT_EQ(PlanExecAffinity(process).error().message(),
            "process.execCPUAffinity.final: \"a\" is not a number or a range");
}

TEST(SetAffinity, ProcessRunsThereAlone) {
  const auto child = InChild([]() -> std::string {
    const auto cpus = ParseCpuList("0");
    if (SetAffinity(0, CpuSet{}) != 0) return "an empty set must change nothing";
    if (const int err = SetAffinity(0, *cpus); err != 0)
      return ExplainAffinity("initial", err).message();
    cpu_set_t now;
    ::sched_getaffinity(0, sizeof now, &now);
    return StrCat(CPU_COUNT(&now), CPU_ISSET(0, &now) ? "y" : "n");
  });
  EXPECT_EQ(child.said, "1y");
}

}  // namespace
}  // namespace caisson::process
