// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace caisson::security {

// A rule for a system call that libseccomp has no number for. Inside the room only.
struct NewSyscallRule {
  std::uint32_t number = 0;
  std::uint32_t action = 0;  // SECCOMP_RET_* with its data
};

// One architecture of a profile, as the prologue sees it.
struct ArchitectureLimit {
  std::uint32_t token = 0;              // SCMP_ARCH_*
  std::uint32_t largest = 0;            // largest number that the profile names; 0: it names none
  std::uint32_t largest_in_filter = 0;  // the same of those that libseccomp's filter knows
  std::vector<NewSyscallRule> rules;    // for numbers above largest_in_filter
};

enum class NewerSyscalls {
  kEnosys,   // above `largest`: ENOSYS
  kDefault,  // the filter's default action
};

// What runs ahead of libseccomp's program, as bytes of struct sock_filter: for numbers up to
// `largest_in_filter`, and for every architecture that is not listed, one comparison and a jump
// into the program that follows. Source: seccomp(2), struct seccomp_data; the kernel's
// seccomp_filter.rst.
std::string SeccompPrologue(const std::vector<ArchitectureLimit>& architectures,
                            NewerSyscalls newer);

}  // namespace caisson::security
