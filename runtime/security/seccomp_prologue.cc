// SPDX-License-Identifier: Apache-2.0
#include "runtime/security/seccomp_prologue.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace caisson::security {
namespace {

constexpr std::uint32_t kX32Bit = 0x40000000u;
constexpr std::uint32_t kEnosys = SECCOMP_RET_ERRNO | ENOSYS;

// Instructions with jumps whose distance is known only later.
class Program {
 public:
  void Load(std::size_t offset) {
    Add(BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<std::uint32_t>(offset));
  }
  void Return(std::uint32_t value) { Add(BPF_RET | BPF_K, 0, 0, value); }
  // Skips the next instruction unless the condition holds.
  void When(std::uint16_t condition, std::uint32_t value) {
    Add(static_cast<std::uint16_t>(BPF_JMP | condition | BPF_K), 0, 1, value);
  }
  // Skips the next instruction when the condition holds.
  void Unless(std::uint16_t condition, std::uint32_t value) {
    Add(static_cast<std::uint16_t>(BPF_JMP | condition | BPF_K), 1, 0, value);
  }
  // A jump whose target Land() gives.
  std::size_t Jump() {
    Add(BPF_JMP | BPF_JA, 0, 0, 0);
    return code_.size() - 1;
  }
  void Land(std::size_t jump) {
    code_[jump].k = static_cast<std::uint32_t>(code_.size() - jump - 1);
  }
  // A jump behind the last instruction: into the program that follows.
  void ToFilter() { to_filter_.push_back(Jump()); }

  std::string Bytes() {
    for (const std::size_t jump : to_filter_) Land(jump);
    std::string bytes(code_.size() * sizeof(sock_filter), '\0');
    std::memcpy(bytes.data(), code_.data(), bytes.size());
    return bytes;
  }

 private:
  void Add(std::uint16_t code, std::uint8_t jt, std::uint8_t jf, std::uint32_t k) {
    code_.push_back(sock_filter{code, jt, jf, k});
  }
  std::vector<sock_filter> code_;
  std::vector<std::size_t> to_filter_;
};

bool HasWork(const ArchitectureLimit& limit, NewerSyscalls newer) {
  if (!limit.rules.empty()) return true;
  return newer == NewerSyscalls::kEnosys && limit.largest != 0;
}

// With the system call's number loaded; always ends in a return or a jump.
void AddLimit(Program& program, const ArchitectureLimit* limit, NewerSyscalls newer) {
  if (limit == nullptr || !HasWork(*limit, newer)) return program.ToFilter();
  if (limit->token == SCMP_ARCH_S390 || limit->token == SCMP_ARCH_S390X) {
    // Number 0 multiplexes there what the kernel does not know.
    program.When(BPF_JEQ, 0);
    program.Return(kEnosys);
  }
  program.Unless(BPF_JGT, limit->largest_in_filter);
  program.ToFilter();
  for (const NewSyscallRule& rule : limit->rules) {
    program.When(BPF_JEQ, rule.number);
    program.Return(rule.action);
  }
  if (newer == NewerSyscalls::kEnosys) {
    program.When(BPF_JGT, limit->largest);
    program.Return(kEnosys);
  }
  program.ToFilter();
}

const ArchitectureLimit* Find(const std::vector<ArchitectureLimit>& all, std::uint32_t token) {
  for (const ArchitectureLimit& limit : all) {
    if (limit.token == token) return &limit;
  }
  return nullptr;
}

// x86_64 and x32 share the kernel's architecture and differ in a bit of the number.
void AddX86(Program& program, const std::vector<ArchitectureLimit>& all, NewerSyscalls newer) {
  program.Unless(BPF_JSET, kX32Bit);
  const std::size_t plain = program.Jump();
  AddLimit(program, Find(all, SCMP_ARCH_X32), newer);
  program.Land(plain);
  AddLimit(program, Find(all, SCMP_ARCH_X86_64), newer);
}

}  // namespace

std::string SeccompPrologue(const std::vector<ArchitectureLimit>& architectures,
                            NewerSyscalls newer) {
  Program program;
  bool any = false;
  bool x86_done = false;
  program.Load(offsetof(seccomp_data, arch));
  for (const ArchitectureLimit& limit : architectures) {
    const bool x86 = limit.token == SCMP_ARCH_X86_64 || limit.token == SCMP_ARCH_X32;
    if (!HasWork(limit, newer) || (x86 && x86_done)) continue;
    any = true;
    program.Unless(BPF_JEQ, x86 ? AUDIT_ARCH_X86_64 : limit.token);
    const std::size_t next = program.Jump();
    program.Load(offsetof(seccomp_data, nr));
    if (x86) {
      x86_done = true;
      AddX86(program, architectures, newer);
    } else {
      AddLimit(program, &limit, newer);
    }
    program.Land(next);
  }
  return any ? program.Bytes() : std::string();
}

}  // namespace caisson::security
