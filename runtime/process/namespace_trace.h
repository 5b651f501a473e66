// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

namespace caisson::process {

struct NamespaceKind;
// How many kinds of namespaces there are.
constexpr std::size_t kNamespaceKinds = 8;

// Which namespaces a process is in, as inode numbers, for the points ns.setns and ns.unshare. Looks
// only when a trace is written: no system call otherwise.
// Child zone: no heap.
class NamespaceSnapshot {
 public:
  // This process's own; looking again works from any mount namespace that it enters meanwhile.
  NamespaceSnapshot() noexcept;
  NamespaceSnapshot(const NamespaceSnapshot&) = delete;
  NamespaceSnapshot& operator=(const NamespaceSnapshot&) = delete;
  ~NamespaceSnapshot();

  // One line for each kind in `flags` (CLONE_NEW*): what this process was in, what it is in now.
  // For pid and time that is what its next child will be in.
  void TraceSetns(std::uint64_t flags) const noexcept;
  void TraceUnshare(std::uint64_t flags) const noexcept;
  // The same between this process and a child that clone3(2) gave namespaces of its own.
  void TraceClone(std::uint64_t flags, pid_t host_pid) const noexcept;

 private:
  template <class Tell>
  void ForEach(std::uint64_t flags, int now, const char* NamespaceKind::*link,
               const Tell& tell) const noexcept;

  int dir_ = -1;  // /proc/self/ns; -1: off
  std::uint64_t before_[kNamespaceKinds] = {};
};

}  // namespace caisson::process
