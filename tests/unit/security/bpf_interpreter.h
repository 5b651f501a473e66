// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <cstdint>
#include <cstring>
#include <string>

namespace caisson::test {

// What a filter answers to a system call, for the instructions that seccomp filters are made of; so
// that other architectures can be asked too. 0xDEADBEEF when the program is not well formed.
inline std::uint32_t RunFilter(const std::string& program, const seccomp_data& data) {
  constexpr std::uint32_t kBroken = 0xDEADBEEF;
  const std::size_t count = program.size() / sizeof(sock_filter);
  std::uint32_t accumulator = 0;
  for (std::size_t at = 0; at < count; ++at) {
    sock_filter code{};
    std::memcpy(&code, program.data() + at * sizeof code, sizeof code);
    switch (code.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (code.k + sizeof accumulator > sizeof data) return kBroken;
        std::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + code.k,
                    sizeof accumulator);
        break;
      case BPF_ALU | BPF_AND | BPF_K: accumulator &= code.k; break;
      case BPF_JMP | BPF_JA: at += code.k; break;
      case BPF_JMP | BPF_JEQ | BPF_K: at += accumulator == code.k ? code.jt : code.jf; break;
      case BPF_JMP | BPF_JGT | BPF_K: at += accumulator > code.k ? code.jt : code.jf; break;
      case BPF_JMP | BPF_JGE | BPF_K: at += accumulator >= code.k ? code.jt : code.jf; break;
      case BPF_JMP | BPF_JSET | BPF_K: at += (accumulator & code.k) != 0 ? code.jt : code.jf; break;
      case BPF_RET | BPF_K: return code.k;
      default: return kBroken;
    }
  }
  return kBroken;
}

inline std::uint32_t Ask(const std::string& program, std::uint32_t arch, std::uint32_t number,
                         std::uint64_t arg0 = 0) {
  seccomp_data data{};
  data.nr = static_cast<int>(number);
  data.arch = arch;
  data.args[0] = arg0;
  return RunFilter(program, data);
}

}  // namespace caisson::test
