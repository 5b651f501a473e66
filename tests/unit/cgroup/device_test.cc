// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>

#include <cstring>
#include <random>

#include "runtime/cgroup/device_bpf.h"
#include "runtime/cgroup/device_rules.h"

namespace caisson::cgroup {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// What the kernel would answer: runs the few instructions that the builder uses.
std::uint32_t Run(const std::vector<bpf_insn>& program, const bpf_cgroup_dev_ctx& context) {
  std::uint64_t reg[10] = {};
  for (std::size_t pc = 0; pc < program.size(); ++pc) {
    const bpf_insn& insn = program[pc];
    std::uint64_t& dst = reg[insn.dst_reg];
    const auto imm = static_cast<std::uint32_t>(insn.imm);
    const auto low = static_cast<std::uint32_t>(dst);
    bool jump = false;
    switch (insn.code) {
      case BPF_LDX | BPF_MEM | BPF_W: {
        std::uint32_t word = 0;
        std::memcpy(&word, reinterpret_cast<const char*>(&context) + insn.off, sizeof word);
        dst = word;
        break;
      }
      case BPF_ALU64 | BPF_MOV | BPF_X: dst = reg[insn.src_reg]; break;
      case BPF_ALU64 | BPF_MOV | BPF_K: dst = static_cast<std::uint64_t>(insn.imm); break;
      case BPF_ALU | BPF_RSH | BPF_K: dst = low >> imm; break;
      case BPF_ALU | BPF_AND | BPF_K: dst = low & imm; break;
      case BPF_JMP32 | BPF_JNE | BPF_K: jump = low != imm; break;
      case BPF_JMP32 | BPF_JEQ | BPF_K: jump = low == imm; break;
      case BPF_JMP | BPF_EXIT: return static_cast<std::uint32_t>(reg[0]);
      default: ADD_FAILURE() << "instruction " << int(insn.code); return 99;
    }
    if (jump) pc += static_cast<std::size_t>(insn.off);
  }
  ADD_FAILURE() << "ran off the end";
  return 99;
}

struct Asked {
  char type;
  std::uint32_t major, minor;
  std::uint8_t access;
};

std::uint32_t Answer(const std::vector<DeviceRule>& rules, const Asked& asked) {
  std::uint32_t access = 0;
  if (asked.access & DeviceRule::kMknod) access |= BPF_DEVCG_ACC_MKNOD;
  if (asked.access & DeviceRule::kRead) access |= BPF_DEVCG_ACC_READ;
  if (asked.access & DeviceRule::kWrite) access |= BPF_DEVCG_ACC_WRITE;
  const std::uint32_t type = asked.type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR;
  return Run(BuildDeviceProgram(rules),
             {.access_type = access << 16 | type, .major = asked.major, .minor = asked.minor});
}

// The rule in one sentence: each access is as the last rule that speaks of it says.
bool Expected(const std::vector<DeviceRule>& rules, const Asked& asked) {
  for (std::uint8_t bit = 1; bit < 8; bit = static_cast<std::uint8_t>(bit << 1)) {
    if (!(asked.access & bit)) continue;
    bool allowed = false;
    for (const DeviceRule& rule : rules) {
      const bool speaks = (rule.type == 'a' || rule.type == asked.type) &&
                          rule.major.value_or(asked.major) == asked.major &&
                          rule.minor.value_or(asked.minor) == asked.minor && (rule.access & bit);
      if (speaks) allowed = rule.allow;
    }
    if (!allowed) return false;
  }
  return true;
}

TEST(DeviceProgram, AnswersLikeTheRulesOnRandomLists) {
  std::mt19937 random(20240607);  // NOLINT: the same cases on every run
  const auto pick = [&](unsigned below) { return static_cast<std::uint32_t>(random() % below); };
  for (int round = 0; round < 2000; ++round) {
    std::vector<DeviceRule> rules{{.allow = false}};
    for (std::uint32_t i = pick(6); i > 0; --i) {
      DeviceRule rule{.allow = pick(2) == 0, .type = "abc"[pick(3)]};
      if (rule.type != 'a') {
        if (pick(3) != 0) rule.major = pick(2) == 0 ? 0xfffffff0u + pick(2) : pick(2);
        if (pick(3) != 0) rule.minor = pick(2);
        rule.access = static_cast<std::uint8_t>(1 + pick(7));
      }
      rules.push_back(rule);
    }
    const Asked asked{"bc"[pick(2)], pick(2) == 0 ? 0xfffffff0u + pick(2) : pick(2), pick(2),
                      static_cast<std::uint8_t>(1 + pick(7))};
    ASSERT_EQ(Answer(rules, asked), Expected(rules, asked) ? 1u : 0u) << "round " << round;
  }
}

TEST(EffectiveRules, WithoutAnyOnlyTheUsualDevicesWork) {
  const auto rules = EffectiveRules({});

  ASSERT_TRUE(rules);
  EXPECT_EQ(Answer(*rules, {'c', 1, 3, DeviceRule::kRead | DeviceRule::kWrite}), 1u);
  EXPECT_EQ(Answer(*rules, {'c', 136, 77, DeviceRule::kRead}), 1u);
  EXPECT_EQ(Answer(*rules, {'b', 8, 0, DeviceRule::kMknod}), 1u);
  EXPECT_EQ(Answer(*rules, {'b', 8, 0, DeviceRule::kRead}), 0u);
  EXPECT_EQ(Answer(*rules, {'c', 1, 1, DeviceRule::kRead}), 0u) << "mem";
  EXPECT_FALSE(AllowAll(*rules));
}

TEST(EffectiveRules, LinesForV1AreInTheGivenOrderAndOursLast) {
  const auto rules = EffectiveRules({{.allow = false, .access = "rwm"},
                                     {.allow = true, .type = 'b', .major = 8, .access = "rw"},
                                     {.allow = false, .type = 'b', .major = 8, .minor = 1}});

  ASSERT_TRUE(rules);
  std::vector<std::string> lines;
  for (const DeviceRule& rule : *rules)
    lines.push_back(StrCat(rule.allow ? "allow " : "deny ", V1Line(rule)));
  lines.resize(5);
  EXPECT_THAT(lines, ElementsAre("deny a", "allow b 8:* rw", "deny b 8:1 rwm", "allow c *:* m",
                                 "allow b *:* m"));
  EXPECT_EQ((*rules)[2].field, "linux.resources.devices[2]");
}

TEST(EffectiveRules, APrivilegedContainerHasNone) {
  const auto rules = EffectiveRules({{.allow = false}, {.allow = true, .access = "rwm"}});

  ASSERT_TRUE(rules);
  EXPECT_TRUE(AllowAll(*rules));
  EXPECT_EQ(Answer(*rules, {'b', 8, 0, DeviceRule::kWrite}), 1u);
}

TEST(EffectiveRules, AnAllRuleWithNumbersOrAccessMeansBothTypes) {
  const auto rules = EffectiveRules({{.allow = true, .type = 'a', .access = "r"}});

  ASSERT_TRUE(rules);
  EXPECT_FALSE(AllowAll(*rules));
  EXPECT_EQ(V1Line((*rules)[1]), "b *:* r");
  EXPECT_EQ(V1Line((*rules)[2]), "c *:* r");
}

TEST(EffectiveRules, OtherLettersMeanNothing) {
  const auto rules = EffectiveRules({{.allow = true, .type = 'c', .major = 5, .access = "rxa"},
                                     {.allow = true, .type = 'c', .major = 6, .access = "x"}});
  ASSERT_TRUE(rules);
  EXPECT_EQ(V1Line((*rules)[1]), "c 5:* r");
  for (const DeviceRule& rule : *rules) EXPECT_NE(rule.major, 6U);
}

TEST(EffectiveRules, NonsenseIsNamed) {
  const auto number = EffectiveRules({{.allow = true, .type = 'c', .major = -7}});
  ASSERT_FALSE(number);
  EXPECT_EQ(number.error().message(),
            "linux.resources.devices[0].major: no device has the number -7");
  const auto type = EffectiveRules({{.allow = true, .type = 'p'}});
  ASSERT_FALSE(type);
  EXPECT_THAT(type.error().message(), HasSubstr("linux.resources.devices[0].type"));
}

}  // namespace
}  // namespace caisson::cgroup
