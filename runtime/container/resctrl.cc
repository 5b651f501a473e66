// SPDX-License-Identifier: Apache-2.0
#include "runtime/container/resctrl.h"

#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/file.h"
#include "runtime/base/path.h"
#include "runtime/container/resctrl_schema.h"

namespace caisson::container {
namespace {

constexpr char kUsualRoot[] = "/sys/fs/resctrl";

bool Exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

Error NotMounted() {
  return Error(Code::kUnsupported, "linux.intelRdt: resctrl is not mounted on /sys/fs/resctrl")
      .Hint("mount -t resctrl resctrl /sys/fs/resctrl, on a processor that has it");
}

// "/" is the default group; anything else is one name.
Result<std::string> PathOf(const spec::IntelRdt& config, const std::string& container_id,
                           const std::string& root) {
  const std::string& group = config.clos_id.empty() ? container_id : config.clos_id;
  if (group == "/") return root;
  if (group == "." || group == ".." || group.find('/') != std::string::npos)
    return Error(Code::kInvalidSpec, StrCat("linux.intelRdt.closID: \"", group, "\" is no name"));
  return StrCat(root, "/", group);
}

// How finely bandwidth can be said, 0 when the processor does not tell.
std::uint64_t BandwidthStep(const std::string& root) {
  const auto text = ReadFile(StrCat(root, "/info/MB/bandwidth_gran"));
  return text ? ParseInt<std::uint64_t>(Trim(*text)).value_or(0) : 0;
}

}  // namespace

Result<std::string> Resctrl::FindRoot() {
  if (Exists(StrCat(kUsualRoot, "/schemata"))) return std::string(kUsualRoot);
  CAISSON_ASSIGN(const std::string mounts, ReadFile("/proc/self/mounts"));
  for (const std::string_view line : Split(mounts, '\n')) {
    const auto words = Split(line, ' ');
    if (words.size() > 2 && words[2] == "resctrl") return std::string(words[1]);
  }
  return NotMounted();
}

Result<Resctrl> Resctrl::Plan(const spec::IntelRdt& config, const std::string& container_id,
                              std::string root) {
  if (!Exists(StrCat(root, "/schemata"))) return NotMounted();
  Resctrl plan(config, std::move(root));
  CAISSON_ASSIGN(plan.group_, PathOf(config, container_id, plan.root_));
  plan.exists_ = Exists(plan.group_);
  if (config.enable_monitoring) plan.monitor_ = StrCat(plan.group_, "/mon_groups/", container_id);
  if (!config.clos_id.empty() && !plan.exists_ && SchemataWrites(config).empty())
    return Error(Code::kInvalidSpec, StrCat("linux.intelRdt.closID: group \"", config.clos_id,
                                            "\" does not exist and no schemata are given"));
  return plan;
}

std::vector<std::string> Resctrl::Owned() const {
  std::vector<std::string> owned;
  // The group in the group first, so that each is empty when it is removed.
  if (!monitor_.empty()) owned.push_back(monitor_);
  if (config_.clos_id.empty() && !exists_) owned.push_back(group_);
  return owned;
}

// What the kernel writes down about the last thing that it refused.
Error Resctrl::WithStatus(Error error) const {
  const auto status = ReadFile(StrCat(root_, "/info/last_cmd_status"));
  if (!status || Trim(*status).empty() || Trim(*status) == "ok") return error;
  return std::move(error).Hint(StrCat("look at what the kernel says: ", Trim(*status)));
}

Result<bool> Resctrl::MakeDirectory(const std::string& path, std::string_view field) const {
  if (::mkdir(path.c_str(), 0755) == 0) return true;
  if (errno == EEXIST) return false;
  Error error = SysError("mkdir", path).Wrap(field);
  if (error.sys_errno() == ENOSPC)
    return std::move(error).Hint(
        "remove groups below /sys/fs/resctrl: the processor has no class of service or counter "
        "left");
  if (error.sys_errno() == EBUSY)
    return std::move(error).Hint("try again later: counters of removed groups are not free yet");
  return WithStatus(std::move(error));
}

Status Resctrl::Write(const std::string& lines, std::string_view field) const {
  Status written = WriteFileAt(kCwd, StrCat(group_, "/schemata"), lines);
  if (written) return Ok();
  return WithStatus(std::move(written).error().Wrap(field));
}

Status Resctrl::CheckSame() const {
  CAISSON_ASSIGN(const std::string text, ReadFile(StrCat(group_, "/schemata")));
  for (const auto& [field, wanted] :
       {std::pair<const char*, const std::string&>{"l3CacheSchema", config_.l3_cache_schema},
        {"memBwSchema", config_.mem_bw_schema}}) {
    if (wanted.empty() || HasSchema(text, wanted, BandwidthStep(root_))) continue;
    return Error(Code::kInvalidSpec, StrCat("linux.intelRdt.", field, ": \"", wanted,
                                            "\" is not what group \"", config_.clos_id, "\" has"))
        .Hint("name another closID, or what the group's schemata say");
  }
  return Ok();
}

Status Resctrl::Make() const {
  const bool shared = exists_ && !config_.clos_id.empty();
  bool made = false;
  if (!exists_) {
    CAISSON_ASSIGN(made, MakeDirectory(group_, "linux.intelRdt"));
  }
  if (shared) CAISSON_TRY(CheckSame());
  spec::IntelRdt to_write = config_;
  if (shared) to_write.l3_cache_schema = to_write.mem_bw_schema = "";
  Status done = Ok();
  for (const std::string& lines : SchemataWrites(to_write))
    if (done) done = Write(lines, "linux.intelRdt.schemata");
  if (done && !monitor_.empty()) {
    const auto monitor = MakeDirectory(monitor_, "linux.intelRdt.enableMonitoring");
    if (!monitor) done = Status(monitor.error());
  }
  // Half made it is of no use to anybody.
  if (!done && made) (void)::rmdir(group_.c_str());
  return done;
}

// The group first: a process can be counted only in a group below its own.
Status Resctrl::Join(pid_t host_pid) const {
  CAISSON_TRY(WriteFileAt(kCwd, StrCat(group_, "/tasks"), StrCat(host_pid)), "linux.intelRdt");
  if (monitor_.empty()) return Ok();
  CAISSON_TRY(WriteFileAt(kCwd, StrCat(monitor_, "/tasks"), StrCat(host_pid)),
              "linux.intelRdt.enableMonitoring");
  return Ok();
}

Status Resctrl::Change(const std::string& l3_cache_schema, const std::string& mem_bw_schema) const {
  spec::IntelRdt wanted;
  wanted.l3_cache_schema = l3_cache_schema;
  wanted.mem_bw_schema = mem_bw_schema;
  for (const std::string& lines : SchemataWrites(wanted))
    CAISSON_TRY(Write(lines, "Intel RDT schemata"));
  return Ok();
}

}  // namespace caisson::container
