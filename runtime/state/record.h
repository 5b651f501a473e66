// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/error.h"
#include "runtime/spec/hooks.h"
#include "runtime/spec/linux.h"

namespace caisson::state {

// How far the life of a container has come. Running, paused and stopped are not kept: they are
// asked of the kernel (status.h), so that no crash can make the record lie.
enum class Phase {
  kCreating,  // written before the first thing is made
  kCreated,   // init waits on start.sock, or has been started
};

// What is known of a container beyond its configuration: what was made for it and must be removed.
// Kept as state.json in the container's directory.
struct Record {
  std::string id;
  std::string oci_version;
  std::string bundle;   // absolute
  std::string rootfs;   // absolute, on the host
  std::string created;  // RFC 3339, UTC, nanoseconds
  uid_t owner_uid = 0;
  spec::StringMap annotations;

  Phase phase = Phase::kCreating;
  pid_t init_pid = 0;                 // host; 0: none yet
  std::uint64_t init_start_time = 0;  // ticks since boot: tells the pid from its reuse
  std::string boot_id;

  std::string cgroup;                       // cgroup::Encode
  std::vector<std::string> resctrl_groups;  // directories that create made
  std::uint64_t mount_below_root = 0;  // without a mount namespace: what `rootfs` lay on before
  std::vector<spec::Namespace> namespaces;  // as seen from the host: "/proc/PID/ns/net"
  std::vector<std::string> external_fds;    // what 0, 1 and 2 of init are, for checkpoint
  std::vector<spec::Hook> poststop;         // delete must not depend on config.json
  bool rootless = false;
};

// Errors of ParseRecord: kInvalidSpec naming the member; kUnsupported for a record that a newer
// caisson or another runtime wrote.
std::string ToJson(const Record& record);
Result<Record> ParseRecord(std::string_view json);

// This boot of the machine. Source: proc_sys_kernel(5), random/boot_id.
Result<std::string> ReadBootId();

// The time now, as Record::created wants it.
std::string CreatedNow();

}  // namespace caisson::state
