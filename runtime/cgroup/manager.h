// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/deadline.h"
#include "runtime/base/error.h"
#include "runtime/base/fd.h"
#include "runtime/base/fd_batch.h"
#include "runtime/cgroup/file_write.h"
#include "runtime/cgroup/join.h"
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
//   → AddProcess → Apply → persist record() again (it learned what parents were made)
// and of a death, from a record alone: Manager(record) → KillAll → Remove.
// With the systemd driver the scope is made by AddProcess, because a scope is born with a process.
// A rootless container whose cgroup cannot be made goes without: record().directories is empty,
// AddProcess, SignalAll and Remove do nothing, and Apply refuses any limit.
// Thread-compatible: one owner at a time.
class Manager {
 public:
  explicit Manager(Record record) : record_(std::move(record)) {}
  // Decides where, touches nothing. Errors: those of Place.
  static Result<Manager> Plan(const Layout& layout, const Request& request);

  // Whether the cgroup is nobody's: not there, or without processes and not frozen.
  // Errors: kAlreadyExists naming a process in it; kWrongState.
  Status CheckFree() const;

  // Looks which parents Create is going to make, so that the record can say so before it does: a
  // creator that is killed in between leaves none behind.
  void ForeseeParents();

  const Record& record() const { return record_; }
  bool has_cgroup() const { return !record_.directories.empty(); }

  // Makes the directories, with missing parents; on v2 hands all controllers down to it. Whatever
  // was made is removed again on failure. An existing directory without processes is taken over.
  // Errors: kAlreadyExists when it holds processes; kDenied; kSystem.
  Status Create();

  // The v2 directory for clone3's CLONE_INTO_CGROUP; also there on a hybrid host.
  // Errors: kUnsupported on a v1 host and with the systemd driver.
  Result<UniqueFd> DirFdForClone() const;

  // The files by which a process with one thread joins every hierarchy by itself, at once.
  // Errors: those of open(2).
  Result<JoinFiles> OpenToJoin(V2Join v2 = V2Join::kByWrite) const;
  // The same for the calling process, which must have no other thread.
  Status JoinSelf() const;

  // Moves a process, with all its threads, into every hierarchy. The writes may wait for an RCU
  // grace period. Needed for a scope of systemd, and where the process cannot do it.
  // Errors: kNotFound when it has ended.
  Status AddProcess(pid_t host_pid, V2Join v2 = V2Join::kByWrite);

  // Writes the limits. `warnings` gets sentences about what was left out although asked for.
  // Errors: kInvalidSpec, kUnsupported and those of write(2), naming the configuration's field.
  Status Apply(const spec::Resources& resources, ApplyFor purpose,
               std::vector<std::string>* warnings = nullptr) const;

  // v2 alone: gives the directory and the files that the kernel lists as delegatable to `uid`, the
  // host id of root in the container's user namespace. Nothing elsewhere: v1 cannot be delegated.
  // Source: cgroup-v2.rst, "Delegation"; /sys/kernel/cgroup/delegate.
  Status Delegate(uid_t uid) const;

  // Existing cgroups below the container's, for `exec --cgroup`: "[controllers:]path" each, without
  // controllers for all hierarchies. To be used for joining only.
  // Errors: kInvalidSpec when one leads outside; kNotFound when a controller has no directory.
  Result<Manager> Below(std::span<const std::string> sub_cgroups) const;

  // v2: the cgroup where a process is now, inside the container's or not, for joining it there when
  // the container's own refuses processes (EBUSY: it has handed controllers to cgroups below).
  Result<Manager> WhereIs(pid_t host_pid) const;

  // Stops or resumes all processes and waits until they are. Errors: kUnsupported without freezer;
  // kSystem with ETIMEDOUT, and then they run on.
  Status SetFrozen(bool frozen, Deadline deadline) const;
  Result<bool> IsFrozen() const;

  // Sends a signal to every process in it and below. Processes born meanwhile may escape it, except
  // with SIGKILL where cgroup.kill is there.
  Status SignalAll(int signal) const;
  // Kills every process in it and below, frozen or not, and waits until none is left (zombies do
  // not count). Errors: kSystem with ETIMEDOUT naming a process that would not go.
  Status KillAll(Deadline deadline) const;

  // Host pids in it and below, sorted.
  Result<std::vector<pid_t>> Processes() const;

  // A snapshot; files that this host lacks leave their values absent.
  Result<Stats> ReadStats(unsigned groups = kAllGroups) const;

  // Removes the directories, those below them, and parents made by Create that are empty. What is
  // not there is success. Waits for processes that are on their way out.
  // Errors: kSystem with EBUSY naming a process that is still in it.
  Status Remove(Deadline deadline) const;

 private:
  Status MakeDirectories();
  Status Join(const Directory& directory, pid_t host_pid, FdBatch& batch) const;
  Status ApplyDevices(const spec::Resources& resources) const;
  Status WriteAll(const std::vector<FileWrite>& writes, Version version) const;
  Status WriteOne(const FileWrite& write, Version version) const;
  Status SetV1Freezer(bool frozen, Deadline deadline) const;

  Record record_;
  std::vector<std::string> unit_properties_;  // of the configuration, for the unit to be started
  bool is_new_ = false;      // Create made the v2 directory, so nothing is attached to it yet
  bool is_planned_ = false;  // not opened from a record: the systemd unit is still to be started
};

}  // namespace caisson::cgroup
