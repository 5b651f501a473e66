// SPDX-License-Identifier: Apache-2.0
#include "runtime/security/capabilities.h"

#include <gmock/gmock.h>
#include <linux/capability.h>
#include <sys/prctl.h>

#include "runtime/base/file.h"
#include "tests/support/in_child.h"
#include "tests/support/need.h"

namespace caisson::security {
namespace {

using test::InChild;
using test::Need;
using testing::ElementsAre;
using testing::HasSubstr;

std::uint64_t Bit(int number) { return std::uint64_t{1} << number; }

// The hexadecimal value of "CapBnd:" and its like.
std::string StatusLine(std::string_view name) {
  const auto status = ReadFile("/proc/self/status");
  for (const std::string_view line : Split(*status, '\n')) {
    if (line.starts_with(name)) return std::string(Trim(line.substr(name.size())));
  }
  return "missing";
}

std::string Hex(std::uint64_t set) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(set));
  return text;
}

TEST(CapabilityNumber, KnowsEveryNameInAnyCaseAndNothingElse) {
  EXPECT_EQ(CapabilityNumber("CAP_CHOWN"), CAP_CHOWN);
  EXPECT_EQ(CapabilityNumber("cap_net_admin"), CAP_NET_ADMIN);
  EXPECT_EQ(CapabilityNumber("bpf"), CAP_BPF);
  EXPECT_EQ(CapabilityNumber("CAP_CHECKPOINT_RESTORE"), CAP_LAST_CAP);
  EXPECT_EQ(CapabilityNames().size(), static_cast<std::size_t>(CAP_LAST_CAP) + 1);
  for (const std::string_view name : CapabilityNames())
    EXPECT_EQ(CapabilityName(*CapabilityNumber(name)), name);
  for (const char* bad : {"", "CAP_", "CAP_CHOWN ", "CAP_CAP_CHOWN", "40"})
    EXPECT_FALSE(CapabilityNumber(bad)) << bad;
  EXPECT_EQ(CapabilityName(41), "");
}

TEST(PlanCapabilities, AbsentMeansNoneAtAll) {
  EXPECT_EQ(PlanCapabilities(std::nullopt).sets, CapabilitySets{});
}

TEST(PlanCapabilities, UnknownNamesAreToldOnceAndLeftOut) {
  spec::Capabilities capabilities;
  capabilities.bounding = {"CAP_KILL", "CAP_EMPEROR"};
  capabilities.permitted = {"CAP_EMPEROR"};

  const CapabilityPlan plan = PlanCapabilities(capabilities);

  EXPECT_EQ(plan.sets.bounding, Bit(CAP_KILL));
  EXPECT_EQ(plan.sets.permitted, 0u);
  EXPECT_THAT(plan.unknown, ElementsAre("CAP_EMPEROR"));
}

TEST(PlanCapabilities, Cve2022_29162_InheritableIsExactlyWhatTheConfigurationSays) {
  spec::Capabilities capabilities;
  capabilities.bounding = capabilities.permitted = capabilities.effective = {"CAP_NET_RAW"};

  const CapabilityPlan plan = PlanCapabilities(capabilities);

  EXPECT_EQ(plan.sets.inheritable, 0u);
  EXPECT_EQ(plan.sets.ambient, 0u);
  EXPECT_EQ(plan.sets.effective, Bit(CAP_NET_RAW));
  EXPECT_EQ(plan.sets.bounding, plan.sets.permitted);
}

TEST(PlanCapabilities, AmbientIsKeptWithinPermittedAndInheritable) {
  spec::Capabilities capabilities;
  capabilities.permitted = {"CAP_KILL", "CAP_CHOWN"};
  capabilities.inheritable = {"CAP_KILL"};
  capabilities.ambient = {"CAP_KILL", "CAP_CHOWN", "CAP_NET_RAW"};

  const CapabilityPlan plan = PlanCapabilities(capabilities);

  EXPECT_EQ(plan.sets.ambient, Bit(CAP_KILL));
  EXPECT_EQ(plan.unraisable, "CAP_CHOWN, CAP_NET_RAW");
}

TEST(ApplyCapabilities, ProcessHasTheFiveSetsAfterTheChangeOfUser) {
  CAISSON_REQUIRE(Need::kRoot);
  CapabilitySets sets;
  sets.bounding = Bit(CAP_CHOWN) | Bit(CAP_KILL) | Bit(CAP_NET_RAW);
  sets.permitted = sets.effective = sets.bounding;
  sets.inheritable = sets.ambient = Bit(CAP_KILL);

  const auto child = InChild([&]() -> std::string {
    if (!DropBounding(sets).ok()) return "DropBounding";
    if (KeepCapabilities() != 0) return "KeepCapabilities";
    if (::setresuid(1234, 1234, 1234) != 0) return "setresuid";
    if (!ApplyCapabilities(sets).ok()) return "ApplyCapabilities";
    return StrCat(StatusLine("CapBnd:"), " ", StatusLine("CapPrm:"), " ", StatusLine("CapEff:"),
                  " ", StatusLine("CapInh:"), " ", StatusLine("CapAmb:"));
  });

  EXPECT_EQ(child.said,
            StrCat(Hex(sets.bounding), " ", Hex(sets.permitted), " ", Hex(sets.effective), " ",
                   Hex(sets.inheritable), " ", Hex(sets.ambient)));
}

TEST(ApplyCapabilities, AdminThatTheFilterNeededIsGoneAfterReducing) {
  CAISSON_REQUIRE(Need::kRoot);
  const CapabilitySets sets{.permitted = Bit(CAP_KILL)};

  const auto child = InChild([&]() -> std::string {
    if (!ApplyCapabilities(WithAdmin(sets)).ok()) return "ApplyCapabilities";
    const std::string between = StatusLine("CapEff:");
    if (!ReduceCapabilities(sets).ok()) return "ReduceCapabilities";
    return StrCat(between, " ", StatusLine("CapPrm:"), " ", StatusLine("CapEff:"));
  });

  EXPECT_EQ(child.said, StrCat(Hex(Bit(CAP_SYS_ADMIN)), " ", Hex(Bit(CAP_KILL)), " ", Hex(0)));
}

TEST(ApplyCapabilities, AskingForWhatTheRuntimeLacksSaysWhatWasAskedFor) {
  CAISSON_REQUIRE(Need::kRoot);
  const CapabilitySets sets{.effective = Bit(CAP_SYS_TIME), .permitted = Bit(CAP_SYS_TIME)};
  StepFailure failure;

  const auto child = InChild([&]() -> std::string {
    if (!ApplyCapabilities(CapabilitySets{}).ok()) return "first";
    const StepFailure again = ApplyCapabilities(sets);
    return ExplainCapabilities(sets, again).ToString();
  });

  EXPECT_THAT(child.said, HasSubstr("process.capabilities: capset \"CAP_SYS_TIME\": Operation not "
                                    "permitted (EPERM) (try: ask only for capabilities that"));
}

TEST(ApplyCapabilities, OfManyOnlyWhatTheRuntimeLacksIsNamed) {
  CAISSON_REQUIRE(Need::kRoot);
  const CapabilitySets held{.permitted = Bit(CAP_KILL) | Bit(CAP_CHOWN)};
  const CapabilitySets asked{.effective = held.permitted,
                             .permitted = held.permitted | Bit(CAP_SYS_TIME)};

  const auto child = InChild([&]() -> std::string {
    if (!ApplyCapabilities(held).ok()) return "first";
    return ExplainCapabilities(asked, ApplyCapabilities(asked)).ToString();
  });

  EXPECT_THAT(child.said, HasSubstr("process.capabilities: capset \"CAP_SYS_TIME\": Operation"));
}

TEST(ExplainCapabilities, EffectiveBeyondPermittedNamesTheRemedy) {
  const CapabilitySets sets{.effective = Bit(CAP_KILL), .permitted = 0};

  const Error error = ExplainCapabilities(sets, {EPERM, kSetsItem});

  EXPECT_EQ(error.hint(), "list CAP_KILL in process.capabilities.permitted too");
}

TEST(ExplainCapabilities, AmbientAndBoundingFailuresNameTheCapability) {
  EXPECT_EQ(ExplainCapabilities({}, {EPERM, CAP_NET_RAW}).message(),
            "process.capabilities.ambient: prctl(PR_CAP_AMBIENT_RAISE) \"CAP_NET_RAW\": Operation "
            "not permitted (EPERM)");
  EXPECT_EQ(ExplainBounding({EPERM, CAP_KILL}).message(),
            "process.capabilities.bounding: prctl(PR_CAPBSET_DROP) \"CAP_KILL\": Operation not "
            "permitted (EPERM)");
}

}  // namespace
}  // namespace caisson::security
