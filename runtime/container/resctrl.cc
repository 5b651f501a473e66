// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/resctrl.h"

#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"

namespace caisson::container {
namespace {

std::string GroupOf(const spec::IntelRdt& config, const std::string& container_id) {
  return config.clos_id.empty() ? container_id : config.clos_id;
}

// "/" is the default group; anything else is one name.
Result<std::string> PathOf(const spec::IntelRdt& config, const std::string& container_id,
                           const std::string& root) {
  const std::string group = GroupOf(config, container_id);
  if (group == "/") return root;
  if (group == "." || group == ".." || group.find('/') != std::string::npos)
    return Error(Code::kInvalidSpec, StrCat("linux.intelRdt.closID: \"", group, "\" is no name"));
  return StrCat(root, "/", group);
}

std::string Schemata(const spec::IntelRdt& config) {
  std::string text;
  for (const std::string& line : config.schemata) text.append(line).append("\n");
  // The two older members come last, so that they win.
  for (const std::string* const line : {&config.l3_cache_schema, &config.mem_bw_schema})
    if (!line->empty()) text.append(*line).append("\n");
  return text;
}

Result<bool> MakeGroup(const std::string& path, const std::string& field) {
  if (::mkdir(path.c_str(), 0755) == 0) return true;
  if (errno == EEXIST) return false;
  if (errno == ENOSPC)
    return SysError("mkdir", path, ENOSPC)
        .Wrap(field)
        .Hint("remove groups below /sys/fs/resctrl: the processor has no class of service left");
  return SysError("mkdir", path).Wrap(field);
}

}  // namespace

Result<std::vector<std::string>> MakeResctrl(const spec::IntelRdt& config,
                                             const std::string& container_id,
                                             const std::string& root) {
  std::vector<std::string> made;
  if (::access(StrCat(root, "/schemata").c_str(), F_OK) < 0)
    return Error(Code::kUnsupported, "linux.intelRdt: resctrl is not mounted on /sys/fs/resctrl")
        .Hint("mount -t resctrl resctrl /sys/fs/resctrl, on a processor that has it");
  CAISSON_ASSIGN(const std::string path, PathOf(config, container_id, root));
  const std::string schemata = Schemata(config);
  if (path != root) {
    if (!config.clos_id.empty() && schemata.empty() && ::access(path.c_str(), F_OK) < 0)
      return Error(Code::kInvalidSpec, StrCat("linux.intelRdt.closID: group \"", config.clos_id,
                                              "\" does not exist and no schemata are given"));
    CAISSON_ASSIGN(const bool is_new, MakeGroup(path, "linux.intelRdt"));
    // A group that others share stays when the container goes.
    if (is_new) made.push_back(path);
  }
  if (!schemata.empty()) {
    if (Status written = WriteFileAt(kCwd, StrCat(path, "/schemata"), schemata); !written) {
      for (const std::string& group : made) (void)::rmdir(group.c_str());
      return std::move(written).error().Wrap("linux.intelRdt.schemata");
    }
  }
  return made;
}

Status JoinResctrl(const spec::IntelRdt& config, const std::string& container_id, pid_t host_pid,
                   const std::string& root) {
  CAISSON_ASSIGN(const std::string path, PathOf(config, container_id, root));
  CAISSON_TRY(WriteFileAt(kCwd, StrCat(path, "/tasks"), StrCat(host_pid)), "linux.intelRdt");
  if (!config.enable_monitoring) return Ok();
  const std::string monitor = StrCat(path, "/mon_groups/", container_id);
  CAISSON_TRY(MakeGroup(monitor, "linux.intelRdt.enableMonitoring"));
  return WriteFileAt(kCwd, StrCat(monitor, "/tasks"), StrCat(host_pid));
}

}  // namespace caisson::container
