// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/cgroup/file_write.h"
#include "runtime/cgroup/placement.h"
#include "runtime/cgroup/record.h"
#include "runtime/cgroup/stats.h"
#include "runtime/spec/resources.h"

namespace caisson::cgroup {

// Whether the v2 directory is still to be joined by a write, or clone3 put the process there.
enum class V2Join { kByWrite, kDoneByClone };

// What Apply is for: a new container also gets its device rules; an update leaves them alone.
enum class ApplyFor { kCreate, kUpdate };

// One container's cgroup, in every hierarchy that the host has. The order of a birth:
//   Manager::Plan → persist record() → Create → clone3 (into DirFdForClone where there is one)
//   → AddProcess → Apply → persist record() again (parents made)
// and of a death, from a record alone: Manager(record) → KillAll → Remove.
// A rootless container whose cgroup cannot be made goes without: record().directories is empty,
// AddProcess and Remove do nothing, and Apply refuses any limit.
// Thread-compatible: one owner at a time.
class Manager {
 public:
  explicit Manager(Record record) : record_(std::move(record)) {}
  // Decides where, touches nothing. Errors: those of Place.
  static Result<Manager> Plan(const Layout& layout, const Request& request);

  const Record& record() const { return record_; }

  // Makes the directories, with missing parents; on v2 hands all controllers down to it. Whatever
  // was made is removed again on failure. An existing directory without processes is taken over.
  // Errors: kAlreadyExists when it holds processes; kDenied; kSystem.
  Status Create();

  // The v2 directory for clone3's CLONE_INTO_CGROUP; also there on a hybrid host.
  // Errors: kUnsupported on a v1 host.
  Result<UniqueFd> DirFdForClone() const;

  // Moves a process, with all its threads, into every hierarchy. On v1 each of the writes may wait
  // for an RCU grace period: let the child work meanwhile.
  // Errors: kNotFound when it has ended.
  Status AddProcess(pid_t host_pid, V2Join v2 = V2Join::kByWrite) const;

  // Writes the limits. `warnings` gets sentences about what was left out although asked for.
  // Errors: kInvalidSpec, kUnsupported and those of write(2), naming the field of the configuration.
  Status Apply(const spec::Resources& resources, ApplyFor purpose,
               std::vector<std::string>* warnings = nullptr) const;

  // v2: gives the directory and the files that the kernel lists as delegatable to `uid`, the host
  // id of root in the container's user namespace. Nothing on v1.
  // Source: cgroup-v2.rst, "Delegation"; /sys/kernel/cgroup/delegate.
  Status Delegate(uid_t uid) const;

  // A directory below the container's for `exec --cgroup`: relative, already there.
  // Errors: kInvalidSpec when it leads outside; kNotFound.
  Result<Manager> Below(const std::string& sub_path) const;

  // Stops or resumes all processes and waits until they are. Errors: kUnsupported without freezer;
  // kSystem with ETIMEDOUT.
  Status SetFrozen(bool frozen, Deadline deadline) const;
  Result<bool> IsFrozen() const;

  // Sends a signal to every process in it and below. Processes born meanwhile may escape it, except
  // with SIGKILL.
  Status SignalAll(int signal) const;
  // Kills every process in it and below and waits until none is left (zombies do not count).
  // Errors: kSystem with ETIMEDOUT naming a process that would not go.
  Status KillAll(Deadline deadline) const;

  // Host pids in it and below, sorted.
  Result<std::vector<pid_t>> Processes() const;

  // A snapshot; files that this host lacks leave their values absent.
  Result<Stats> ReadStats() const;

  // Removes the directories, those below them, and parents made by Create that are empty. What is
  // not there is success. Waits for processes that are on their way out.
  // Errors: kSystem with EBUSY naming a process that is still in it.
  Status Remove(Deadline deadline) const;

 private:
  Status ApplyDevices(const spec::Resources& resources) const;
  Status Write(const Directory& directory, const FileWrite& write) const;

  Record record_;
};

}  // namespace caisson::cgroup
