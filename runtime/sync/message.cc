// SPDX-License-Identifier: Apache-2.0
#include "runtime/sync/message.h"

#include <array>

namespace caisson::sync {

std::string_view NameOf(Phase phase) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Phase::kCount)> kNames = {
      "none",
      "stage 1",
      "wait for the parent",
      "join namespaces",
      "identity",
      "session",
      "root",
      "mounts",
      "runtime hooks",
      "createContainer hooks",
      "pivot_root",
      "console",
      "protect",
      "system",
      "scheduling",
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
      "None",    "Continue", "HooksDone",     "Start",  "Pid",       "HooksWanted", "Console",
      "Created", "Starting", "SeccompNotify", "Failed", "MapWanted", "MapDone"};
  const auto index = static_cast<std::size_t>(type);
  return index < kNames.size() ? kNames[index] : "unknown";
}

}  // namespace caisson::sync
