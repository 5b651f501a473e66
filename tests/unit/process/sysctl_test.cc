// SPDX-License-Identifier: Apache-2.0
#include "runtime/process/sysctl.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>

#include "runtime/base/file.h"
#include "tests/support/in_child.h"
#include "tests/support/need.h"
#include "tests/support/temp_dir.h"

namespace caisson::process {
namespace {

using test::InNamespaces;
using test::Need;
using test::TempDir;
using testing::HasSubstr;

constexpr std::uint64_t kAll = CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWUSER;

std::string Sentence(const std::string& key, const std::string& value,
                     std::uint64_t private_namespaces = kAll) {
  const auto plan = PlanSysctls({{key, value}}, private_namespaces);
  return plan ? plan->files[0] : plan.error().message();
}

TEST(PlanSysctls, BothSpellingsAreTheSameFile) {
  EXPECT_EQ(Sentence("net.ipv4.ip_forward", "1"), "sys/net/ipv4/ip_forward");
  EXPECT_EQ(Sentence("net/ipv4/ip_forward", "1"), "sys/net/ipv4/ip_forward");
  EXPECT_EQ(Sentence("net.ipv4.conf.eth0/100.forwarding", "1"),
            "sys/net/ipv4/conf/eth0.100/forwarding");
  EXPECT_EQ(Sentence("net/ipv4/conf/eth0.100/forwarding", "1"),
            "sys/net/ipv4/conf/eth0.100/forwarding");
}

TEST(PlanSysctls, WhatANamespaceIsolatesIsTaken) {
  for (const char* key :
       {"kernel.msgmax", "kernel.sem", "kernel.shm_rmid_forced", "fs.mqueue.msg_max",
        "net.core.somaxconn", "kernel.domainname", "user.max_user_namespaces"})
    EXPECT_THAT(Sentence(key, "1"), testing::StartsWith("sys/")) << key;
}

TEST(PlanSysctls, EverythingElseIsRefusedWithItsKey) {
  EXPECT_EQ(Sentence("kernel.core_pattern", "|/x"),
            "linux.sysctl: \"kernel.core_pattern\" is not in a separate kernel namespace");
  EXPECT_EQ(Sentence("vm.swappiness", "1"),
            "linux.sysctl: \"vm.swappiness\" is not in a separate kernel namespace");
  EXPECT_EQ(Sentence("kernel.hostname", "x"),
            "linux.sysctl: \"kernel.hostname\" is not allowed as it conflicts with the OCI "
            "\"hostname\" field");
  EXPECT_EQ(Sentence("net.core.somaxconn", "1", CLONE_NEWIPC),
            "linux.sysctl: \"net.core.somaxconn\" is not allowed in the host's network namespace");
  EXPECT_EQ(Sentence("kernel.sem", "1", CLONE_NEWNET),
            "linux.sysctl: \"kernel.sem\" is not allowed in the host's ipc namespace");
}

TEST(PlanSysctls, WaysOutOfTheNamespaceAreRefused) {
  for (const char* key :
       {"net/../kernel/core_pattern", "net.", "net..x", "net.//.kernel", "net/./x", "net"}) {
    const auto plan = PlanSysctls({{key, "1"}}, kAll);
    ASSERT_FALSE(plan) << key << " became " << plan->files[0];
    EXPECT_EQ(plan.error().code(), Code::kInvalidSpec);
  }
  EXPECT_EQ(Sentence("net/../kernel/core_pattern", "1"),
            "linux.sysctl: \"net/../kernel/core_pattern\" is not a name of a kernel parameter");
}

TEST(PlanSysctls, Cve2022_0811_ControlCharactersAreRefused) {
  EXPECT_EQ(Sentence("net.core.somaxconn", "1\nkernel.core_pattern=|/x"),
            "linux.sysctl: \"net.core.somaxconn\" has a control character in its value");
  EXPECT_EQ(Sentence("net.core\n", "1"), "linux.sysctl: \"?\" a key has a control character");
  // In a value these are plain characters: nothing splits it any more.
  EXPECT_EQ(Sentence("kernel.shm_rmid_forced", "1+kernel.core_pattern=x"),
            "sys/kernel/shm_rmid_forced");
}

TEST(ApplySysctls, NewNamespaceHasThemAndTheHostDoesNot) {
  CAISSON_REQUIRE(Need::kRoot, Need::kNetNs);
  const auto plan =
      PlanSysctls({{"net.ipv4.ip_unprivileged_port_start", "77"}, {"kernel.msgmax", "9000"}}, kAll);
  ASSERT_TRUE(plan) << plan.error().message();
  const std::string before = *ReadFile("/proc/sys/kernel/msgmax");

  const auto child = InNamespaces(CLONE_NEWNET | CLONE_NEWIPC, [&]() -> std::string {
    const UniqueFd proc(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
    const auto steps = plan->steps();
    const StepFailure failure = ApplySysctls(proc.get(), steps.data(), steps.size());
    if (!failure.ok()) return plan->Explain(failure).message();
    return StrCat(Trim(*ReadFile("/proc/sys/net/ipv4/ip_unprivileged_port_start")), " ",
                  Trim(*ReadFile("/proc/sys/kernel/msgmax")));
  });

  EXPECT_EQ(child.said, "77 9000");
  EXPECT_EQ(*ReadFile("/proc/sys/kernel/msgmax"), before);
}

TEST(ApplySysctls, RefusedValueAndMissingKeyAreExplained) {
  CAISSON_REQUIRE(Need::kRoot, Need::kNetNs);
  const auto failing = [](const std::string& key, const std::string& value) {
    return InNamespaces(
               CLONE_NEWNET,
               [&]() -> std::string {
                 const auto plan = PlanSysctls({{key, value}}, kAll);
                 const UniqueFd proc(::open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
                 const auto steps = plan->steps();
                 return plan->Explain(ApplySysctls(proc.get(), steps.data(), 1)).ToString();
               })
        .said;
  };

  EXPECT_EQ(failing("net.ipv4.ip_forward", "many"),
            "linux.sysctl \"net.ipv4.ip_forward\": write \"/proc/sys/net/ipv4/ip_forward\": "
            "Invalid argument (EINVAL) (try: the kernel does not take this value)");
  EXPECT_THAT(failing("net.ipv4.nonsense", "1"), HasSubstr("No such file or directory (ENOENT)"));
}

TEST(ApplySysctls, Cve2025_52881_FileThatIsNotOnProcfsIsNotWritten) {
  const TempDir fake;
  fake.Write("sys/net/ipv4/ip_forward", "");
  const UniqueFd fake_proc = fake.Open();
  const SysctlStep step{"sys/net/ipv4/ip_forward", "1", 1};

  EXPECT_EQ(ApplySysctls(fake_proc.get(), &step, 1).sys_errno, EXDEV);
  EXPECT_EQ(fake.Read("sys/net/ipv4/ip_forward"), "");
}

}  // namespace
}  // namespace caisson::process
