// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/manager.h"

#include <unistd.h>

#include <algorithm>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/base/rollback.h"
#include "runtime/cgroup/control_file.h"
#include "runtime/cgroup/directory.h"
#include "runtime/cgroup/stats_reader.h"
#include "runtime/cgroup/systemd.h"
#include "runtime/cgroup/systemd_annotations.h"
#include "runtime/cgroup/wait.h"

namespace caisson::cgroup {
namespace {

// What an unprivileged caller meets where no cgroup was delegated to it.
bool IsRefusal(const Error& error) {
  const int err = error.sys_errno();
  return err == EACCES || err == EPERM || err == EROFS || err == ENOENT;
}

// A directory that was there before must be nobody's, and must not stop who joins it: the creation
// would wait for its child for ever.
Status CheckUsable(const Directory& directory) {
  CAISSON_ASSIGN(const std::vector<pid_t> pids, ProcessesIn(directory.path));
  if (!pids.empty())
    return Error(Code::kAlreadyExists,
                 StrCat("container's cgroup is not empty: \"", directory.path,
                        "\" is in use by process ", DescribeProcess(pids.front())))
        .Hint("choose another linux.cgroupsPath, or delete the container that uses it");
  auto frozen = Manager(Record{.directories = {directory}}).IsFrozen();
  if (!frozen && frozen.error().sys_errno() != ENOENT) return std::move(frozen).error();
  if (!frozen || !*frozen) return Ok();
  return Error(Code::kWrongState,
               StrCat("container's cgroup unexpectedly frozen: \"", directory.path, "\""))
      .Hint("thaw it, or choose another linux.cgroupsPath");
}

Error ExplainMake(Error error) {
  if (error.sys_errno() == EROFS)
    return std::move(error).Hint("mount the cgroup hierarchies read-write");
  if (error.code() == Code::kDenied)
    return std::move(error).Hint("run as root, or in a cgroup that is delegated to this user");
  if (error.sys_errno() == EAGAIN)
    return std::move(error).Hint("raise cgroup.max.descendants of the cgroups above");
  return error;
}

// Where the mount table says that this hierarchy is, since it is not at the usual place.
bool Relocate(Directory& directory, const Layout& layout) {
  for (const Hierarchy& hierarchy : layout.hierarchies) {
    if (hierarchy.version != directory.version || hierarchy.controllers != directory.controllers)
      continue;
    const std::string old_mount = directory.MountPoint();
    if (hierarchy.mount == old_mount) return false;
    directory.path.replace(0, old_mount.size(), hierarchy.mount);
    return true;
  }
  return false;
}

// Makes it where it is planned, or where the mount table says. False: the host lacks the hierarchy.
Result<bool> MakeSomewhere(Directory& directory, Made& made) {
  CAISSON_ASSIGN(made, MakeDirectory(directory));
  if (made != Made::kNoMount) return true;
  const auto layout = DetectByMountTable();
  if (!layout || !Relocate(directory, *layout)) return false;
  CAISSON_ASSIGN(made, MakeDirectory(directory));
  return made != Made::kNoMount;
}

// `controllers` is a list; hierarchies without controllers go by their name.
bool HasOneOf(const Directory& directory, const std::string& controllers) {
  if (directory.controllers == controllers) return true;
  const auto names = Split(controllers, ',');
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return directory.Has(name); });
}

// The sentence is runc's: scripts look for it.
Error NotAdded(std::string_view pid, const std::string& cgroup, const Directory& directory,
               const Error& cause) {
  return Error(cause.code(),
               StrCat("adding pid ", pid, " to cgroups \"", cgroup, "\": ", directory.path,
                      "/cgroup.procs: ", ErrnoWords(cause.sys_errno())),
               cause.sys_errno());
}

struct SubCgroup {
  std::string controllers;  // empty: of all hierarchies
  std::string path;         // "/a/b", or empty for the container's own
};

// "[controllers:]path" of `exec --cgroup`.
Result<SubCgroup> ParseSubCgroup(const std::string& text) {
  SubCgroup sub;
  const auto colon = text.find(':');
  if (colon != text.npos) sub.controllers = text.substr(0, colon);
  for (const auto part :
       Split(std::string_view(text).substr(colon == text.npos ? 0 : colon + 1), '/')) {
    if (part.empty() || part == ".") continue;
    if (part == "..")
      return Error(Code::kInvalidSpec,
                   StrCat("cgroup ", text, " is not a sub cgroup path: \"..\" leads out"))
          .Hint("name a cgroup below the container's");
    sub.path.append("/").append(part);
  }
  return sub;
}

}  // namespace

Result<Manager> Manager::Plan(const Layout& layout, const Request& request) {
  const bool is_relative = request.driver == Driver::kCgroupfs && !request.cgroups_path.empty() &&
                           request.cgroups_path.front() != '/';
  if (!is_relative) {
    Request placed = request;
    if (request.driver == Driver::kSystemd && request.rootless) {
      CAISSON_ASSIGN(placed.manager_cgroup, systemd::UserManagerCgroup());
    }
    CAISSON_ASSIGN(Record record, Place(layout, placed));
    Manager manager(std::move(record));
    manager.is_planned_ = true;
    if (request.driver == Driver::kSystemd && request.annotations != nullptr) {
      CAISSON_ASSIGN(manager.unit_properties_, systemd::AnnotatedProperties(*request.annotations));
    }
    return manager;
  }
  // Only a relative path needs to know where this process is, and what part of a tree is mounted.
  CAISSON_ASSIGN(const Layout exact, DetectByMountTable(layout.root));
  CAISSON_ASSIGN(Record record, Place(exact, request));
  return Manager(std::move(record));
}

Status Manager::CheckFree() const {
  const Directory* const main = record_.Main();
  if (record_.driver == Driver::kSystemd || main == nullptr) return Ok();
  // One look is enough for the usual case: whoever made this one made all of them.
  if (::access(main->path.c_str(), F_OK) != 0) return Ok();
  for (const Directory& directory : record_.directories) {
    if (::access(directory.path.c_str(), F_OK) != 0) continue;
    CAISSON_TRY(CheckUsable(directory), "create cgroup \"", record_.path, "\"");
  }
  return Ok();
}

void Manager::ForeseeParents() {
  if (record_.driver == Driver::kSystemd) return;
  for (Directory& directory : record_.directories) {
    std::string parent = directory.path;
    directory.parents_made = 0;
    for (std::uint32_t level = 1; level < directory.depth; ++level) {
      parent.resize(parent.rfind('/'));
      if (::access(parent.c_str(), F_OK) == 0) break;
      ++directory.parents_made;
    }
  }
}

Status Manager::Create() {
  if (record_.driver == Driver::kSystemd) return Ok();
  CAISSON_TRY(MakeDirectories(), "create cgroup \"", record_.path, "\"");
  return Ok();
}

Status Manager::MakeDirectories() {
  Rollback undo;
  std::vector<Directory> made_ones;
  for (Directory directory : record_.directories) {
    Made made = Made::kNew;
    auto there = MakeSomewhere(directory, made);
    if (!there && record_.rootless && IsRefusal(there.error())) continue;
    if (!there) return ExplainMake(std::move(there).error());
    if (!*there) continue;
    if (made == Made::kExisted && record_.driver == Driver::kCgroupfs)
      CAISSON_TRY(CheckUsable(directory));
    if (directory.version == Version::kV2) is_new_ = made == Made::kNew;
    if (made == Made::kNew) {
      undo.Add([directory] {
        Record record{.directories = {directory}};
        (void)Manager(std::move(record)).Remove(Deadline::After(std::chrono::seconds(1)));
      });
    }
    made_ones.push_back(std::move(directory));
  }
  if (made_ones.empty() && !record_.rootless)
    return Error(Code::kNotFound, "no cgroup hierarchy is mounted").Hint("mount cgroup2");
  if (made_ones.size() == 1 && made_ones.front().version == Version::kV2)
    EnableControllers(made_ones.front());
  record_.directories = std::move(made_ones);
  undo.Disarm();
  return Ok();
}

Result<UniqueFd> Manager::DirFdForClone() const {
  const Directory* const v2 = record_.V2();
  if (v2 == nullptr)
    return Error(Code::kUnsupported, StrCat("cgroup \"", record_.path, "\" has no v2 directory"));
  if (record_.driver == Driver::kSystemd)
    return Error(Code::kUnsupported, "a systemd scope is made with its first process");
  CAISSON_ASSIGN(UniqueFd fd, OpenAt(kCwd, v2->path, O_PATH | O_DIRECTORY), "open cgroup \"",
                 record_.path, "\"");
  return fd;
}

Status Manager::Join(const Directory& directory, pid_t host_pid, FdBatch& batch) const {
  Status done = WriteControl(StrCat(directory.path, "/cgroup.procs"), StrCat(host_pid), batch);
  if (done) return done;
  return ExplainJoin(NotAdded(StrCat(host_pid), record_.path, directory, done.error()),
                     directory.Has("cpu"));
}

Result<JoinFiles> Manager::OpenToJoin(V2Join v2) const {
  JoinFiles files(record_.path);
  for (const Directory& directory : record_.directories) {
    const bool is_v2 = directory.version == Version::kV2;
    if (is_v2 && v2 == V2Join::kDoneByClone) continue;
    // v2 moves whole processes; on v1 "tasks" is the file for one thread.
    std::string path = StrCat(directory.path, is_v2 ? "/cgroup.procs" : "/tasks");
    auto opened = OpenAt(kCwd, path, O_WRONLY);
    if (!opened) return NotAdded("of the new process", record_.path, directory, opened.error());
    UniqueFd file = std::move(opened).value();
    files.Add(std::move(path), directory.Has("cpu"), std::move(file));
  }
  return files;
}

Status Manager::JoinSelf() const {
  CAISSON_ASSIGN(const JoinFiles files, OpenToJoin());
  const StepFailure joined = JoinCgroups(files.view());
  if (!joined.ok()) return files.Explain(joined);
  return Ok();
}

Status Manager::AddProcess(pid_t host_pid, V2Join v2) {
  if (record_.driver == Driver::kSystemd && is_planned_) {
    CAISSON_TRY(systemd::StartUnit(record_, host_pid, unit_properties_));
    is_planned_ = false;
    CAISSON_TRY(MakeDirectories(), "create cgroup \"", record_.path, "\"");
  }
  FdBatch batch;
  for (const Directory& directory : record_.directories) {
    if (directory.version == Version::kV2 && v2 == V2Join::kDoneByClone) continue;
    Status joined = Join(directory, host_pid, batch);
    if (!joined && record_.driver == Driver::kSystemd && joined.error().code() == Code::kDenied)
      joined = systemd::AttachProcess(record_, host_pid);
    if (!joined) return joined;
  }
  return Ok();
}

Status Manager::Delegate(uid_t uid) const {
  const Directory* const v2 = record_.V2();
  if (v2 == nullptr || record_.directories.size() != 1) return Ok();
  constexpr gid_t kSameGroup = static_cast<gid_t>(-1);
  const auto listed = ReadControl("/sys/kernel/cgroup/delegate");
  const std::string files =
      listed ? *listed : std::string("cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n");
  if (::chown(v2->path.c_str(), uid, kSameGroup) < 0) return SysError("chown", v2->path);
  for (const auto name : Split(files, '\n')) {
    if (name.empty()) continue;
    const std::string path = StrCat(v2->path, "/", name);
    // The list covers all controllers; the directory has the files of some.
    if (::chown(path.c_str(), uid, kSameGroup) < 0 && errno != ENOENT)
      return SysError("chown", path);
  }
  return Ok();
}

Result<Manager> Manager::Below(std::span<const std::string> sub_cgroups) const {
  Record record = record_;
  record.driver = Driver::kCgroupfs;  // joined by writes, no unit of its own
  std::vector<bool> is_named(record.directories.size());
  for (const std::string& text : sub_cgroups) {
    CAISSON_ASSIGN(const SubCgroup sub, ParseSubCgroup(text));
    bool found = false;
    for (std::size_t i = 0; i < record.directories.size(); ++i) {
      const Directory& own = record_.directories[i];
      if (!sub.controllers.empty() && !HasOneOf(own, sub.controllers)) continue;
      if (is_named[i])
        return Error(Code::kInvalidSpec, StrCat("cgroup \"", text, "\": controller ",
                                                sub.controllers, " specified multiple times"));
      is_named[i] = found = true;
      record.directories[i].path = own.path + sub.path;
    }
    if (!found)
      return Error(Code::kNotFound,
                   StrCat("cgroup \"", text, "\": unknown controller ", sub.controllers));
  }
  return Manager(std::move(record));
}

Result<Manager> Manager::WhereIs(pid_t host_pid) const {
  const Directory* const v2 = record_.V2();
  if (v2 == nullptr) return Error(Code::kUnsupported, "only v2 has one cgroup for each process");
  CAISSON_ASSIGN(const std::string text, ReadControl(StrCat("/proc/", host_pid, "/cgroup")));
  Record record = record_;
  record.driver = Driver::kCgroupfs;
  record.path = V2PathOf(text);
  record.directories.back().path = StrCat(v2->MountPoint(), record.path == "/" ? "" : record.path);
  return Manager(std::move(record));
}

Result<std::vector<pid_t>> Manager::Processes() const {
  const Directory* const main = record_.Main();
  if (main == nullptr) return std::vector<pid_t>();
  return ProcessesIn(main->path);
}

Result<Stats> Manager::ReadStats(unsigned groups) const {
  CAISSON_ASSIGN(StatsReader reader, StatsReader::Open(record_));
  return reader.Read(groups);
}

}  // namespace caisson::cgroup
