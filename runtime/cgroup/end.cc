// SPDX-License-Identifier: Apache-2.0
// How the processes of a cgroup are stopped and ended, and the cgroup removed.
#include <signal.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/cgroup/control_file.h"
#include "runtime/cgroup/directory.h"
#include "runtime/cgroup/manager.h"
#include "runtime/cgroup/systemd.h"
#include "runtime/cgroup/wait.h"

namespace caisson::cgroup {
namespace {

constexpr char kFreezer[] = "freezer";

Error TimedOut(std::string_view what, const Record& record) {
  const Directory* const main = record.Main();
  std::string who;
  if (main != nullptr) {
    const auto pids = ProcessesIn(main->path);
    if (pids && !pids->empty()) who = StrCat(", process ", DescribeProcess(pids->front()));
  }
  return Error(Code::kSystem, StrCat("cgroup \"", record.path, "\": ", what, " in time", who),
               ETIMEDOUT);
}

// Everything below `path`, then itself. EBUSY when processes are in the way.
Status RemoveOnce(const std::string& path) {
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT || errno == ENODEV) return Ok();
  // A container may have made cgroups of its own; nobody is left to remove them.
  const int err = errno;
  if (err != EBUSY && err != ENOTEMPTY) return SysError("rmdir", path, err);
  CAISSON_ASSIGN(const std::vector<std::string> children, ChildrenOf(path));
  if (children.empty()) return SysError("rmdir", path, EBUSY);
  for (const std::string& child : children) CAISSON_TRY(RemoveOnce(StrCat(path, "/", child)));
  if (::rmdir(path.c_str()) == 0 || errno == ENOENT) return Ok();
  return SysError("rmdir", path);
}

Status RemoveDirectory(const Directory& directory, Deadline deadline) {
  ShortWait wait(deadline);
  bool waited_for_event = false;
  while (true) {
    Status done = RemoveOnce(directory.path);
    if (done || done.error().sys_errno() != EBUSY) return done;
    if (directory.version == Version::kV2 && !waited_for_event) {
      CAISSON_ASSIGN(const bool empty, WaitForEvent(directory.path, "populated", "0", deadline));
      waited_for_event = empty;
      if (empty) continue;
    }
    if (wait.Pause()) continue;
    Error error = std::move(done).error();
    const auto pids = ProcessesIn(directory.path);
    if (!pids || pids->empty()) return error;
    return std::move(error)
        .Hint(StrCat("end process ", DescribeProcess(pids->front()), ", which is still in it"))
        .Wrap(StrCat("process ", DescribeProcess(pids->front()), " is still in it"));
  }
}

void RemoveParents(const Directory& directory) {
  std::string path = directory.path;
  for (std::uint32_t i = 0; i < directory.parents_made; ++i) {
    path.resize(path.rfind('/'));
    if (::rmdir(path.c_str()) < 0) return;  // somebody else uses it by now
  }
}

}  // namespace

Status Manager::SetV1Freezer(bool frozen, Deadline deadline) const {
  const std::string path = record_.FindV1(kFreezer)->path + "/freezer.state";
  const std::string_view wanted = frozen ? "FROZEN" : "THAWED";
  ShortWait wait(deadline);
  while (true) {
    // Said again each time, as a fork at the wrong moment leaves it FREEZING.
    CAISSON_TRY(WriteFileAt(kCwd, path, wanted));
    CAISSON_ASSIGN(const std::string state, ReadControl(path));
    if (Trim(state) == wanted) return Ok();
    if (wait.Pause()) continue;
    if (frozen) CAISSON_TRY(WriteFileAt(kCwd, path, "THAWED"));
    return TimedOut(frozen ? "did not freeze" : "did not thaw", record_);
  }
}

Status Manager::SetFrozen(bool frozen, Deadline deadline) const {
  if (record_.FindV1(kFreezer) != nullptr) return SetV1Freezer(frozen, deadline);
  const Directory* const v2 = record_.V2();
  if (v2 == nullptr)
    return Error(Code::kUnsupported, StrCat("cgroup \"", record_.path, "\" cannot be frozen"))
        .Hint("mount the freezer hierarchy, or cgroup v2");
  const std::string path = v2->path + "/cgroup.freeze";
  CAISSON_TRY(WriteFileAt(kCwd, path, frozen ? "1" : "0"));
  CAISSON_ASSIGN(const bool done, WaitForEvent(v2->path, "frozen", frozen ? "1" : "0", deadline));
  if (done) return Ok();
  if (frozen) CAISSON_TRY(WriteFileAt(kCwd, path, "0"));
  return TimedOut(frozen ? "did not freeze" : "did not thaw", record_);
}

Result<bool> Manager::IsFrozen() const {
  if (const Directory* const v1 = record_.FindV1(kFreezer)) {
    CAISSON_ASSIGN(const std::string state, ReadControl(v1->path + "/freezer.state"));
    return Trim(state) != "THAWED";
  }
  const Directory* const v2 = record_.V2();
  if (v2 == nullptr) return false;
  CAISSON_ASSIGN(const std::string state, ReadControl(v2->path + "/cgroup.freeze"));
  return Trim(state) == "1";
}

Status Manager::SignalAll(int signal) const {
  const Directory* const v2 = record_.V2();
  if (signal == SIGKILL && v2 != nullptr) {
    // Since 5.14; below it, and in a folder of plain files without it, one by one.
    Status done = WriteFileAt(kCwd, v2->path + "/cgroup.kill", "1");
    if (done || done.error().sys_errno() != ENOENT) return done;
  }
  CAISSON_ASSIGN(const std::vector<pid_t> pids, Processes());
  for (const pid_t pid : pids) {
    if (::kill(pid, signal) < 0 && errno != ESRCH) return SysError("kill", DescribeProcess(pid));
  }
  return Ok();
}

// The v1 freezer holds back even SIGKILL until it thaws (v2's does not); freezing first keeps a v1
// cgroup from forking away under the loop, and its pids from being reused.
Status Manager::KillAll(Deadline deadline) const {
  if (!has_cgroup()) return Ok();
  const Directory* const v2 = record_.V2();
  const Directory* const freezer = record_.FindV1(kFreezer);
  const auto set_freezer = [&](std::string_view state) {
    if (freezer != nullptr) (void)WriteFileAt(kCwd, freezer->path + "/freezer.state", state);
  };
  ShortWait wait(deadline);
  while (true) {
    CAISSON_ASSIGN(const std::vector<pid_t> pids, Processes());
    if (pids.empty()) return Ok();
    if (v2 == nullptr) set_freezer("FROZEN");
    CAISSON_TRY(SignalAll(SIGKILL), "kill cgroup \"", record_.path, "\"");
    set_freezer("THAWED");
    if (v2 != nullptr) {
      CAISSON_ASSIGN(const bool empty, WaitForEvent(v2->path, "populated", "0", deadline));
      if (empty) return Ok();
    }
    if (!wait.Pause()) return TimedOut("did not end", record_);
  }
}

Status Manager::Remove(Deadline deadline) const {
  if (record_.driver == Driver::kSystemd) CAISSON_TRY(systemd::StopUnit(record_));
  for (const Directory& directory : record_.directories) {
    CAISSON_TRY(RemoveDirectory(directory, deadline), "remove cgroup \"", record_.path, "\"");
    RemoveParents(directory);
  }
  return Ok();
}

}  // namespace caisson::cgroup
