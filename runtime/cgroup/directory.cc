// SPDX-License-Identifier: Apache-2.0
#include "runtime/cgroup/directory.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "runtime/base/file.h"
#include "runtime/base/rollback.h"
#include "runtime/cgroup/control_file.h"

namespace caisson::cgroup {
namespace {

constexpr mode_t kMode = 0755;

std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

// Copies cpus and mems from the parent, of which `depth` levels may lack them too.
Status InheritCpuset(const std::string& path, std::uint32_t depth) {
  FdBatch batch;
  for (const char* file : {"/cpuset.cpus", "/cpuset.mems"}) {
    const std::string parent = ParentOf(path);
    CAISSON_ASSIGN(std::string value, ReadControl(parent + file, batch));
    if (Trim(value).empty() && depth > 1) {
      CAISSON_TRY(InheritCpuset(parent, depth - 1));
      CAISSON_ASSIGN(value, ReadControl(parent + file));
    }
    CAISSON_TRY(WriteControl(path + file, Trim(value), batch));
  }
  return Ok();
}

Status PrepareCpuset(const Directory& directory, Made made) {
  if (!directory.Has("cpuset")) return Ok();
  // It may have them already: from whoever made it, or by the parent's clone_children.
  if (made == Made::kExisted || (directory.depth > 1 && directory.parents_made == 0)) {
    CAISSON_ASSIGN(const std::string own, ReadControl(directory.path + "/cpuset.cpus"));
    if (!Trim(own).empty()) return Ok();
  }
  CAISSON_TRY(InheritCpuset(directory.path, directory.depth));
  // Spares the copying to all that come after below the same parents.
  std::string parent = directory.path;
  for (std::uint32_t i = 0; i < directory.parents_made; ++i) {
    parent = ParentOf(parent);
    CAISSON_TRY(WriteFileAt(kCwd, parent + "/cgroup.clone_children", "1"));
  }
  return Ok();
}

// Makes what is missing between the mount point and the directory. False: no mount point.
Result<bool> MakeParents(Directory& directory, Rollback& undo) {
  std::size_t end = directory.MountPoint().size();
  directory.parents_made = 0;
  for (std::uint32_t level = 1; level < directory.depth; ++level) {
    end = directory.path.find('/', end + 1);
    const std::string parent = directory.path.substr(0, end);
    if (::mkdir(parent.c_str(), kMode) == 0) {
      ++directory.parents_made;
      undo.Add([parent] { (void)::rmdir(parent.c_str()); });
      continue;
    }
    if (errno == ENOENT && level == 1) return false;
    if (errno != EEXIST) return SysError("mkdir", parent);
  }
  return true;
}

Result<Made> MakeOnce(Directory& directory, Rollback& undo) {
  const std::string& path = directory.path;
  const auto made = [&] {
    undo.Add([path] { (void)::rmdir(path.c_str()); });
    return Made::kNew;
  };
  if (::mkdir(path.c_str(), kMode) == 0) return made();
  if (errno == EEXIST) return Made::kExisted;
  if (errno != ENOENT) return SysError("mkdir", path);
  if (directory.depth == 1) return Made::kNoMount;
  CAISSON_ASSIGN(const bool mounted, MakeParents(directory, undo));
  if (!mounted) return Made::kNoMount;
  if (::mkdir(path.c_str(), kMode) == 0) return made();
  if (errno == EEXIST) return Made::kExisted;
  return SysError("mkdir", path);
}

std::vector<std::string> Words(const std::string& text) {
  std::vector<std::string> words;
  for (const auto word : Split(Trim(text), ' ')) {
    if (!word.empty()) words.emplace_back(word);
  }
  return words;
}

Status CollectProcesses(const std::string& path, std::vector<pid_t>& pids) {
  const auto text = ReadControl(path + "/cgroup.procs");
  if (!text) {
    const int err = text.error().sys_errno();
    if (err == ENOENT || err == ENODEV) return Ok();  // gone meanwhile
    // A threaded cgroup: its processes stand in the list of the domain above.
    if (err != EOPNOTSUPP) return text.error();
  } else {
    for (const auto line : Split(*text, '\n')) {
      // 0 stands for a process outside of the reader's PID namespace.
      const auto pid = ParseInt<pid_t>(line);
      if (pid && *pid > 0) pids.push_back(*pid);
    }
  }
  CAISSON_ASSIGN(const std::vector<std::string> children, ChildrenOf(path));
  for (const std::string& child : children)
    CAISSON_TRY(CollectProcesses(StrCat(path, "/", child), pids));
  return Ok();
}

}  // namespace

Result<Made> MakeDirectory(Directory& directory) {
  // A parent that another container's delete removes between two calls is made again.
  constexpr int kMaxTries = 8;
  for (int tries = 1;; ++tries) {
    Rollback undo;
    auto made = MakeOnce(directory, undo);
    if (!made && made.error().sys_errno() == ENOENT && tries < kMaxTries) continue;
    if (!made) return made;
    if (*made != Made::kNoMount) CAISSON_TRY(PrepareCpuset(directory, *made));
    undo.Disarm();
    return made;
  }
}

void EnableControllers(const Directory& directory, std::string_view only) {
  const auto have = ReadControl(directory.path + "/cgroup.controllers");
  const std::string mount = directory.MountPoint();
  const auto available = ReadControl(mount + "/cgroup.controllers");
  if (!have || !available) return;
  const auto present = Words(*have);
  std::vector<std::string> missing;
  for (const std::string& name : Words(*available)) {
    if ((only.empty() || name == only) &&
        std::find(present.begin(), present.end(), name) == present.end())
      missing.push_back("+" + name);
  }
  if (missing.empty()) return;
  std::size_t end = mount.size();
  for (std::uint32_t level = 0; level < directory.depth; ++level) {
    const std::string file = directory.path.substr(0, end) + "/cgroup.subtree_control";
    // All at once, or, since one that is refused spoils the rest, one by one.
    if (!WriteFileAt(kCwd, file, Join(missing, " "))) {
      for (const std::string& one : missing) (void)WriteFileAt(kCwd, file, one);
    }
    end = directory.path.find('/', end + 1);
  }
}

Result<std::vector<std::string>> ChildrenOf(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()), ::closedir);
  if (!dir) {
    if (errno == ENOENT) return names;
    return SysError("opendir", path);
  }
  while (const dirent* const entry = ::readdir(dir.get())) {
    const std::string_view name = entry->d_name;
    if (entry->d_type == DT_DIR && name != "." && name != "..") names.emplace_back(name);
  }
  return names;
}

Result<std::vector<pid_t>> ProcessesIn(const std::string& path) {
  std::vector<pid_t> pids;
  CAISSON_TRY(CollectProcesses(path, pids));
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

}  // namespace caisson::cgroup
