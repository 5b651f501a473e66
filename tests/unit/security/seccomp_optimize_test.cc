// SPDX-License-Identifier: Apache-2.0
#include "runtime/security/seccomp_optimize.h"

#include <gmock/gmock.h>
#include <seccomp.h>
#include <sys/mman.h>

#include <memory>

#include "runtime/base/file.h"
#include "runtime/base/strings.h"
#include "tests/unit/security/bpf_interpreter.h"

namespace caisson::security {
namespace {

using test::RunFilter;

// libseccomp's program for a profile of the size of the usual ones: most calls allowed, some by
// their arguments, two denied with other numbers.
std::string LargeProgram() {
  const std::unique_ptr<void, void (*)(void*)> context(::seccomp_init(SCMP_ACT_ERRNO(38)),
                                                       ::seccomp_release);
  ::seccomp_arch_add(context.get(), SCMP_ARCH_X86);
  ::seccomp_arch_add(context.get(), SCMP_ARCH_X32);
  ::seccomp_attr_set(context.get(), SCMP_FLTATR_CTL_OPTIMIZE, 2);
  for (int number = 0; number < 440; ++number) {
    if (number % 11 == 3) continue;
    if (number == 41 || number == 135) continue;  // socket and personality, below
    const std::uint32_t action = number % 17 == 5 ? SCMP_ACT_ERRNO(77) : SCMP_ACT_ALLOW;
    (void)::seccomp_rule_add(context.get(), action, number, 0);
  }
  for (const std::uint64_t value : {0ull, 8ull, 0x20000ull, 0xFFFFFFFFull})
    (void)::seccomp_rule_add(context.get(), SCMP_ACT_ALLOW, 135, 1, SCMP_A0(SCMP_CMP_EQ, value));
  (void)::seccomp_rule_add(context.get(), SCMP_ACT_ALLOW, 41, 2, SCMP_A0(SCMP_CMP_NE, 40),
                           SCMP_A1(SCMP_CMP_MASKED_EQ, 0xF0, 0x10));
  const UniqueFd file(::memfd_create("program", MFD_CLOEXEC));
  EXPECT_EQ(::seccomp_export_bpf(context.get(), file.get()), 0);
  EXPECT_EQ(::lseek(file.get(), 0, SEEK_SET), 0);
  auto bytes = ReadFd(file, "program");
  return bytes ? *bytes : std::string();
}

TEST(OptimizeFilter, AnswersAreTheSameForEveryNumberArchitectureAndArgument) {
  const std::string original = LargeProgram();
  const std::string shorter = OptimizeFilter(original);
  ASSERT_LT(shorter.size(), original.size());

  constexpr std::uint32_t kArchitectures[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,
                                              AUDIT_ARCH_AARCH64, 0};
  for (const std::uint32_t arch : kArchitectures) {
    for (const std::uint32_t base : {0u, 0x40000000u, 0x80000000u, 0xFFFFF000u}) {
      for (std::uint32_t number = 0; number < 4096; ++number) {
        for (const std::uint64_t arg : {0ull, 8ull, 40ull, 0x20000ull, 0x1FFFFFFFFull}) {
          seccomp_data data{};
          data.arch = arch;
          data.nr = static_cast<int>(base + number);
          data.args[0] = arg;
          data.args[1] = arg * 2;
          ASSERT_EQ(RunFilter(shorter, data), RunFilter(original, data))
              << arch << " " << base + number << " " << arg;
        }
      }
    }
  }
}

TEST(OptimizeFilter, ProgramThatItDoesNotUnderstandIsLeftAlone) {
  const sock_filter odd[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
                             BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, 1),
                             BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 5, 0, 1),
                             BPF_STMT(BPF_RET | BPF_K, 1), BPF_STMT(BPF_RET | BPF_K, 2)};
  const std::string program(reinterpret_cast<const char*>(odd), sizeof odd);
  EXPECT_EQ(OptimizeFilter(program), program);

  sock_filter bits[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
                        BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 4, 0, 1), BPF_STMT(BPF_RET | BPF_K, 1),
                        BPF_STMT(BPF_RET | BPF_K, 2)};
  const std::string tests_bits(reinterpret_cast<const char*>(bits), sizeof bits);
  EXPECT_EQ(OptimizeFilter(tests_bits), tests_bits);
  EXPECT_EQ(OptimizeFilter(""), "");
}

}  // namespace
}  // namespace caisson::security
