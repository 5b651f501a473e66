// SPDX-License-Identifier: Apache-2.0
#include "runtime/sync/message.h"

#include <array>

namespace caisson::sync {

std::string_view NameOf(Phase phase) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Phase::kCount)> kNames = {
      "none",
      "clone",
      "wait for the parent",
      "identity",
      "join namespaces",
      "session",
      "prepare root",
      "mounts",
      "runtime hooks",
      "createContainer hooks",
      "pivot_root",
      "protect",
      "system",
      "console",
      "affinity",
      "the program",
      "wait for start",
      "startContainer hooks",
      "LSM",
      "limits",
      "user",
      "cwd",
      "descriptors",
      "seccomp",
      "exec"};
  const auto index = static_cast<std::size_t>(phase);
  return index < kNames.size() ? kNames[index] : "unknown";
}

std::string_view NameOf(Type type) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Type::kCount)> kNames = {
      "None",    "Continue", "HooksDone", "Start",         "Pid",   "HooksWanted",
      "Console", "Created",  "Starting",  "SeccompNotify", "Failed"};
  const auto index = static_cast<std::size_t>(type);
  return index < kNames.size() ? kNames[index] : "unknown";
}

}  // namespace caisson::sync
