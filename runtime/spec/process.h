// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace caisson::spec {

// The `process` object of config.json, also what `exec --process` reads.
// Source: runtime-spec 1.3, config.md, process.

struct ConsoleSize {
  std::uint32_t height = 0;  // rows
  std::uint32_t width = 0;   // columns
};

struct User {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::optional<std::uint32_t> umask;  // at most 0777
  std::vector<std::uint32_t> additional_gids;
};

// Names as in the configuration ("CAP_NET_ADMIN").
struct Capabilities {
  std::vector<std::string> bounding;
  std::vector<std::string> effective;
  std::vector<std::string> inheritable;
  std::vector<std::string> permitted;
  std::vector<std::string> ambient;
};

struct Rlimit {
  std::string type;  // "RLIMIT_NOFILE"
  std::uint64_t hard = 0;
  std::uint64_t soft = 0;
};

struct Scheduler {
  std::string policy;  // "SCHED_OTHER"
  std::optional<std::int32_t> nice;
  std::optional<std::int32_t> priority;
  std::vector<std::string> flags;  // "SCHED_FLAG_RESET_ON_FORK"
  std::optional<std::uint64_t> runtime_ns;
  std::optional<std::uint64_t> deadline_ns;
  std::optional<std::uint64_t> period_ns;
};

struct IoPriority {
  std::string io_class;  // "IOPRIO_CLASS_BE"
  std::int32_t priority = 0;
};

// CPU lists in the kernel's format ("0-3,7"); empty when not given.
struct ExecCpuAffinity {
  std::string initial;
  std::string final;
};

struct Process {
  bool terminal = false;
  std::optional<ConsoleSize> console_size;
  User user;
  std::vector<std::string> args;
  std::vector<std::string> env;  // "NAME=value"
  std::string cwd;
  std::optional<Capabilities> capabilities;  // absent: no capability at all
  std::vector<Rlimit> rlimits;
  bool no_new_privileges = false;
  std::string apparmor_profile;  // empty: none asked for
  std::string selinux_label;     // empty: none asked for
  std::optional<std::int32_t> oom_score_adj;
  std::optional<Scheduler> scheduler;
  std::optional<IoPriority> io_priority;
  std::optional<ExecCpuAffinity> exec_cpu_affinity;
};

}  // namespace caisson::spec
