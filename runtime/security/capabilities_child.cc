// SPDX-License-Identifier: Apache-2.0
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "runtime/security/capabilities.h"

namespace caisson::security {
namespace {

constexpr int kBits = 64;

bool Has(std::uint64_t set, int number) noexcept { return (set >> number & 1) != 0; }

}  // namespace

// There is no call that drops several: one for each that goes, and one more that the kernel answers
// with EINVAL, which says that the last capability is passed without reading cap_last_cap.
StepFailure DropBounding(const CapabilitySets& sets) noexcept {
  for (int number = 0; number < kBits; ++number) {
    if (Has(sets.bounding, number)) continue;
    if (::prctl(PR_CAPBSET_DROP, number, 0, 0, 0) == 0) continue;
    const int err = errno;
    if (err == EINVAL) return {};
    // Not allowed to drop, but maybe it is gone already, or no capability at all.
    const int there = ::prctl(PR_CAPBSET_READ, number, 0, 0, 0);
    if (there < 0) return {};
    if (there > 0) return {err, static_cast<std::size_t>(number)};
  }
  return {};
}

int KeepCapabilities() noexcept { return ::prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 ? 0 : errno; }

StepFailure ReduceCapabilities(const CapabilitySets& sets) noexcept {
  __user_cap_header_struct header{};
  header.version = _LINUX_CAPABILITY_VERSION_3;
  __user_cap_data_struct data[2]{};
  for (unsigned half = 0; half < 2; ++half) {
    data[half].effective = static_cast<std::uint32_t>(sets.effective >> (32 * half));
    data[half].permitted = static_cast<std::uint32_t>(sets.permitted >> (32 * half));
    data[half].inheritable = static_cast<std::uint32_t>(sets.inheritable >> (32 * half));
  }
  if (::syscall(SYS_capset, &header, data) != 0) return {errno, kSetsItem};
  return {};
}

StepFailure ApplyCapabilities(const CapabilitySets& sets) noexcept {
  const StepFailure set = ReduceCapabilities(sets);
  // The kernel keeps the ambient set within permitted and inheritable, so an empty inheritable set
  // has emptied it already.
  if (!set.ok() || (sets.inheritable == 0 && sets.ambient == 0)) return set;
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0) return {errno, kSetsItem};
  for (int number = 0; number <= kLastNamedCapability; ++number) {
    if (!Has(sets.ambient, number)) continue;
    if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number, 0, 0) != 0)
      return {errno, static_cast<std::size_t>(number)};
  }
  return {};
}

CapabilitySets WithAdmin(CapabilitySets sets) noexcept {
  sets.permitted |= std::uint64_t{1} << CAP_SYS_ADMIN;
  sets.effective |= std::uint64_t{1} << CAP_SYS_ADMIN;
  return sets;
}

}  // namespace caisson::security
